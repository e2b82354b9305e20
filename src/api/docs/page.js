// Shows /openapi.json: routes by tag, with what they take and answer. All texts are set as texts, never as markup.
'use strict';

const WORDS = {
  en: {
    skip: 'Skip to the routes', language: 'Language', routes: 'Routes', parameters: 'Parameters', body: 'Body',
    answers: 'Answers', name: 'Name', where: 'In', type: 'Type', meaning: 'Meaning', required: 'required',
    example: 'Example', scope: 'Needs a key with the scope', open: 'Needs no key', try: 'With curl', or: ' or ',
    list: 'list of ', map: 'by name: ', anything: 'anything', nothing: 'null', members: 'Members', only: 'no other members',
    headers: 'Headers', failed: 'The contract cannot be read: ', default: 'if not given: ', upTo: 'up to ', items: ' items',
    query: 'query', path: 'path', header: 'header', copy: 'Copy', copied: 'Copied', select: 'Not copied: select the text',
    scores: 'Scores', customers: 'Customers', events: 'Events', models: 'Models and offers',
    inference: 'Open Inference Protocol', server: 'Server',
  },
  zh: {
    skip: '跳到接口列表', language: '语言', routes: '接口', parameters: '参数', body: '请求体',
    answers: '响应', name: '名称', where: '位置', type: '类型', meaning: '含义', required: '必填',
    example: '示例', scope: '需要具有此权限的密钥：', open: '无需密钥', try: '用 curl 调用', or: ' 或 ',
    list: '列表：', map: '按名称：', anything: '任意', nothing: 'null', members: '成员', only: '不接受其他成员',
    headers: '响应头', failed: '无法读取接口定义：', default: '默认：', upTo: '最多 ', items: ' 项',
    query: '查询', path: '路径', header: '请求头', copy: '复制', copied: '已复制', select: '未能复制，请选中文本',
    scores: '评分', customers: '客户', events: '事件', models: '模型与优惠',
    inference: '开放推理协议', server: '服务器',
  },
};
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

const preferred = () => {
  const asked = new URLSearchParams(location.search).get('language');
  const wanted = asked || navigator.language || 'en';
  return wanted.toLowerCase().startsWith('zh') ? 'zh' : 'en';
};
let language = preferred();
let contract = null;
const word = (key) => WORDS[language][key] || key;

// An element with attributes and children; children that are no elements are texts.
function el(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

// Texts of the contract: paragraphs, `code` and **strong**.
function prose(text) {
  return (text || '').split(/\n\s*\n/).filter(Boolean).map((paragraph) => el('p', { lang: 'en' }, spans(paragraph)));
}

function spans(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith('`')) return el('code', {}, part.slice(1, -1));
    if (part.startsWith('**')) return el('strong', {}, part.slice(2, -2));
    return part;
  });
}

// What a reference points to, with what is said beside it.
function resolve(thing) {
  if (!thing || !thing.$ref) return thing;
  const found = thing.$ref.slice(2).split('/').reduce((place, key) => place[key.replace(/~1/g, '/').replace(/~0/g, '~')], contract);
  return { ...resolve(found), ...(thing.description ? { description: thing.description } : {}) };
}

// A schema without the "or null" that is beside it.
function solid(schema) {
  const own = resolve(schema) || {};
  const choices = own.oneOf || own.anyOf;
  if (!choices) return own;
  const others = choices.map(resolve).filter((choice) => choice.type !== 'null');
  return others.length === 1 ? { ...solid(others[0]), description: own.description || choices[0].description || others[0].description } : own;
}

// A type in a few words.
function typeOf(schema) {
  const own = resolve(schema) || {};
  const choices = own.oneOf || own.anyOf;
  if (choices) return [...new Set(choices.map(typeOf))].join(word('or'));
  if (own.enum) return own.enum.map((value) => JSON.stringify(value)).join(' | ');
  const types = [].concat(own.type || []);
  const named = types.map((type) => {
    if (type === 'null') return word('nothing');
    if (type === 'array') return word('list') + typeOf(own.items);
    if (type === 'object' && own.additionalProperties && !own.properties) return word('map') + typeOf(own.additionalProperties);
    return own.format && type === 'string' ? own.format : type;
  });
  return named.join(word('or')) || word('anything');
}

// What bounds a value.
function bounds(schema) {
  const own = solid(schema);
  const said = [];
  if (own.minimum !== undefined && own.maximum !== undefined) said.push(`${own.minimum} … ${own.maximum}`);
  else if (own.minimum !== undefined) said.push(`≥ ${own.minimum}`);
  else if (own.maximum !== undefined) said.push(`≤ ${own.maximum}`);
  if (own.maxItems !== undefined) said.push(word('upTo') + own.maxItems + word('items'));
  if (own.default !== undefined) said.push(word('default') + JSON.stringify(own.default));
  return said.length ? el('small', {}, said.join(' · ')) : null;
}

// The object within a schema that has members of its own, if there is one.
function inner(schema) {
  const own = solid(schema);
  if (own.properties) return own;
  if (own.oneOf || own.anyOf) return (own.oneOf || own.anyOf).some((choice) => inner(choice)) ? own : null;
  if (own.items) return inner(own.items);
  return null;
}

// The members of an object, each with its own within.
function members(schema, depth) {
  const own = inner(schema);
  if (!own || depth > 6) return null;
  const choices = own.oneOf || own.anyOf;
  if (choices) return choices.filter(inner).map((choice) => [prose(resolve(choice).description), members(choice, depth + 1)]);
  const required = new Set(own.required || []);
  const rows = Object.entries(own.properties).map(([name, member]) => {
    const within = inner(member) && el('details', {}, el('summary', {}, word('members')));
    if (within) {
      within.addEventListener('toggle', () => {
        if (within.open && within.children.length === 1) within.append(...[members(member, depth + 1)].flat(Infinity).filter(Boolean));
      });
    }
    const about = (member.description || solid(member).description || '');
    return row(name, required.has(name), typeOf(member), [spans(about), ' ', bounds(member), within]);
  });
  const only = own.additionalProperties === false ? el('p', { class: 'note' }, word('only')) : null;
  return [table(['name', 'type', 'meaning'], rows), only];
}

function row(name, required, type, meaning, where) {
  const mark = required ? el('abbr', { title: word('required') }, '*') : null;
  return el('tr', {}, el('th', { scope: 'row' }, el('code', {}, name), mark),
    where ? el('td', {}, where) : null, el('td', { class: 'type' }, type), el('td', { lang: 'en' }, meaning));
}

function table(columns, rows) {
  const head = el('tr', {}, columns.map((column) => el('th', { scope: 'col' }, word(column))));
  return reachable(el('div', { class: 'scroll' }, el('table', {}, el('thead', {}, head), el('tbody', {}, rows))), columns);
}

// What scrolls can be reached by keys and has a name; what does not is no stop on the way.
function reachable(box, columns) {
  new ResizeObserver(() => {
    if (box.scrollWidth > box.clientWidth) {
      box.setAttribute('tabindex', '0');
      box.setAttribute('role', 'region');
      box.setAttribute('aria-label', columns.map(word).join(', '));
    } else {
      ['tabindex', 'role', 'aria-label'].forEach((name) => box.removeAttribute(name));
    }
  }).observe(box);
  return box;
}

function code(text) {
  const button = el('button', { type: 'button', class: 'copy', 'aria-label': `${word('copy')}: ${text.slice(0, 60)}` }, word('copy'));
  button.addEventListener('click', async () => {
    const copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
    button.textContent = word(copied ? 'copied' : 'select');
  });
  return el('div', { class: 'code' }, el('pre', { tabindex: '0' }, el('code', {}, text)), button);
}

// The examples of a body: a name and a value each.
function examples(body) {
  const content = body && body.content['application/json'];
  if (!content) return [];
  if (content.example) return [[word('example'), content.example]];
  return Object.values(content.examples || {}).map((example) => [example.summary, example.value]);
}

function curl(method, path, operation) {
  const parameters = (operation.parameters || []).map(resolve);
  const filled = parameters.reduce((text, parameter) => (parameter.in === 'path'
    ? text.replace(`{${parameter.name}}`, encodeURIComponent(parameter.example || parameter.name.toUpperCase())) : text), path);
  const lines = [`curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}'${location.origin}${filled}'`];
  if ((operation.security || []).length) lines.push('-H "Authorization: Bearer $MAINSTAY_KEY"');
  const [example] = examples(resolve(operation.requestBody));
  if (example) lines.push(`--json '${JSON.stringify(example[1]).replace(/'/g, "'\\''")}'`);
  return lines.join(' \\\n  ');
}

function answer([status, reference]) {
  const own = resolve(reference);
  const content = Object.entries(own.content || {});
  const types = content.map(([type]) => el('code', {}, type));
  const headers = Object.entries(own.headers || {}).map(([name, header]) => row(name, false, typeOf(resolve(header).schema), spans(resolve(header).description || '')));
  const body = content.length && status < '400' ? members(content[0][1].schema, 0) : null;
  return el('details', { class: `answer s${status[0]}` }, el('summary', {}, el('b', {}, status), ' ', spans(own.description)),
    el('p', {}, types.flatMap((type) => [type, ' '])), body,
    headers.length ? [el('h5', {}, word('headers')), table(['name', 'type', 'meaning'], headers)] : null);
}

function operationOf(path, method, operation) {
  const parameters = (operation.parameters || []).map(resolve);
  const body = resolve(operation.requestBody);
  const needs = (operation.security || [])[0];
  const key = needs ? [`${word('scope')} `, el('code', {}, needs.key.join(', '))] : word('open');
  const rows = parameters.map((parameter) => row(parameter.name, parameter.required, typeOf(parameter.schema),
    [spans(parameter.description || ''), ' ', bounds(parameter.schema), parameter.example ? [' ', el('code', {}, String(parameter.example))] : null], word(parameter.in)));
  return el('section', { class: 'operation', id: operation.operationId },
    el('h3', {}, el('span', { class: `method ${method}` }, method.toUpperCase()), ' ', el('code', {}, path)),
    el('p', { class: 'summary' }, spans(operation.summary || '')), prose(operation.description),
    el('p', { class: 'note' }, key),
    rows.length ? [el('h4', {}, word('parameters')), table(['name', 'where', 'type', 'meaning'], rows)] : null,
    body ? [el('h4', {}, word('body')), members(Object.values(body.content)[0].schema, 0),
      examples(body).map(([name, value]) => el('details', {}, el('summary', {}, spans(name)), code(JSON.stringify(value, null, 2))))] : null,
    el('h4', {}, word('try')), code(curl(method, path, operation)),
    el('h4', {}, word('answers')), Object.entries(operation.responses).map(answer));
}

function show() {
  document.documentElement.lang = language;
  document.querySelectorAll('[data-word]').forEach((place) => { place.textContent = word(place.dataset.word); });
  document.querySelectorAll('[data-label]').forEach((place) => place.setAttribute('aria-label', word(place.dataset.label)));
  document.querySelectorAll('[data-language]').forEach((button) => button.setAttribute('aria-pressed', String(button.dataset.language === language)));
  if (!contract) return;
  document.getElementById('version').textContent = contract.info.version;
  const operations = Object.entries(contract.paths).flatMap(([path, item]) => METHODS.filter((method) => item[method])
    .map((method) => [path, method, item[method]]));
  const groups = contract.tags.map((tag) => [tag, operations.filter(([, , operation]) => operation.tags.includes(tag.name))]);
  const wide = matchMedia('(min-width: 48rem)').matches;
  document.getElementById('nav').replaceChildren(...groups.map(([tag, own]) => el('details', wide ? { open: '' } : {}, el('summary', {}, word(tag.name)),
    el('ul', {}, own.map(([path, method, operation]) => el('li', {}, el('a', { href: `#${operation.operationId}` },
      el('span', { class: `method ${method}` }, method.toUpperCase()), path)))))));
  document.getElementById('main').replaceChildren(el('div', { class: 'about' }, prose(contract.info.description)),
    ...groups.map(([tag, own]) => el('section', { id: `tag-${tag.name}` }, el('h2', {}, word(tag.name)), prose(tag.description),
      own.map(([path, method, operation]) => operationOf(path, method, operation)))));
}

async function start() {
  document.querySelectorAll('[data-language]').forEach((button) => button.addEventListener('click', () => {
    language = button.dataset.language;
    history.replaceState(null, '', `?language=${language}${location.hash}`);
    show();
  }));
  show();
  try {
    const response = await fetch('/openapi.json');
    if (!response.ok) throw new Error(`${response.status}`);
    contract = await response.json();
    show();
    if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  } catch (error) {
    document.getElementById('main').replaceChildren(el('p', { role: 'alert' }, word('failed') + error.message));
  }
}

start();
