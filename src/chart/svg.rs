//! Writing SVG: a few shapes, with every text escaped and every coordinate rounded.

/// A document being written.
pub(super) struct Svg {
    text: String,
}

/// Which part of a text its position is.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Size, weight and colour of a text.
#[derive(Clone, Copy)]
pub(super) enum Look {
    Title,
    Heading,
    Plain,
    Label(&'static str),
}

impl Svg {
    /// A white page of a width and height in pixels.
    pub(super) fn new(width: f64, height: f64) -> Self {
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" font-family=\"system-ui, sans-serif\">\n"
        );
        Self { text }
    }

    /// Says what the page shows, and paints it white. Comes first.
    pub(super) fn describe(&mut self, title: &str, description: &str) {
        self.text += &format!("<title>{}</title>\n<desc>{}</desc>\n", escape(title), escape(description));
        self.text += "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
    }

    /// A thin line.
    pub(super) fn rule(&mut self, from: (f64, f64), to: (f64, f64), colour: &str) {
        self.text += &format!(
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\"/>\n",
            from.0, from.1, to.0, to.1
        );
    }

    /// A filled rectangle.
    pub(super) fn bar(&mut self, (x, y): (f64, f64), width: f64, height: f64, colour: &str) {
        self.text += &format!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{colour}\"/>\n"
        );
    }

    /// A line through points, two pixels wide.
    pub(super) fn path(&mut self, points: &[(f64, f64)], colour: &str) {
        self.line(points, colour, "2", "");
    }

    /// A dashed line; with white around it where it must be seen over bars.
    pub(super) fn dashed(&mut self, points: &[(f64, f64)], colour: &str, over_bars: bool) {
        if over_bars {
            self.line(points, "#ffffff", "5", "");
        }
        self.line(points, colour, "2", " stroke-dasharray=\"6 5\"");
    }

    fn line(&mut self, points: &[(f64, f64)], colour: &str, width: &str, dashes: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        self.text += &format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" \
             stroke-linejoin=\"round\"{dashes}/>\n",
            points.join(" ")
        );
    }

    /// A dot.
    pub(super) fn dot(&mut self, (x, y): (f64, f64), radius: f64, colour: &str) {
        self.text += &format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" fill=\"{colour}\" stroke=\"#ffffff\"/>\n"
        );
    }

    /// A line of text; its position is on the baseline.
    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, look: Look, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (size, weight, colour) = match look {
            Look::Title => (19, 600, "#1a1a1a"),
            Look::Heading => (15, 600, "#1a1a1a"),
            Look::Plain => (13, 400, "#4d4d4d"),
            Look::Label(colour) => (13, 600, colour),
        };
        self.text += &format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"{size}\" \
             font-weight=\"{weight}\" fill=\"{colour}\">{}</text>\n",
            escape(text)
        );
    }

    /// The document.
    pub(super) fn finish(self) -> String {
        self.text + "</svg>\n"
    }
}

/// The text as XML may hold it: no markup, and no control characters, which XML cannot hold in any way.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&apos;",
            c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
