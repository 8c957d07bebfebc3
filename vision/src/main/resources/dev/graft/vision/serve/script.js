'use strict';

const at = (id) => document.getElementById(id);
const SHOWN = 10;
let running = 0; // answers that come late belong to an image that is gone
let address = '';

const percent = (p) => (p > 0 && p < 0.0001 ? '< 0.01' : p < 1 && p > 0.9999 ? '> 99.99' : (100 * p).toFixed(2)) + ' %';

function fill(list, texts) {
  list.replaceChildren(...texts.map((text) => {
    const item = document.createElement('li');
    item.textContent = text;
    return item;
  }));
  list.hidden = texts.length === 0;
}

function row(one, chosen) {
  const tr = document.createElement('tr');
  const name = document.createElement('th');
  name.scope = 'row';
  name.textContent = one.label;
  const number = document.createElement('td');
  number.className = 'number';
  number.textContent = percent(one.probability);
  const bar = document.createElement('td');
  bar.className = 'bar';
  bar.setAttribute('aria-hidden', 'true');
  const inner = document.createElement('div');
  inner.style.width = 100 * one.probability + '%';
  bar.append(inner);
  tr.append(name, number, bar);
  if (chosen) tr.className = 'chosen';
  return tr;
}

function sentence(answer) {
  if (answer.abstained) return 'Too unsure to answer: the model leaves this image to people.';
  if (answer.multi_label) return answer.labels.length ? answer.labels.join(', ') : 'No label';
  const set = answer.set && answer.set.length > 1 ? ' (possible: ' + answer.set.join(', ') + ')' : '';
  return answer.label + ', ' + percent(answer.probability) + set;
}

function show(answer) {
  at('answer').textContent = sentence(answer);
  at('warnings').hidden = answer.flags.length === 0;
  fill(at('flags'), answer.flags.map((flag) => flag.text));
  fill(at('notes'), answer.notes);
  const chosen = new Set(answer.multi_label ? answer.labels : [answer.label]);
  const rows = (count) => at('classes').replaceChildren(...answer.classes.slice(0, count).map((one) => row(one, chosen.has(one.label))));
  rows(SHOWN);
  at('more').hidden = answer.classes.length <= SHOWN;
  at('more').onclick = () => { rows(answer.classes.length); at('more').hidden = true; };
  const why = answer.explanation || {};
  at('map-figure').hidden = !why.overlay;
  if (why.overlay) {
    at('map').src = why.overlay;
    at('map').alt = 'The image with a map over it of what raises the score of ' + why.class;
    at('map-text').textContent = why.empty
      ? 'Grad-CAM: nothing in the image raises the score of ' + why.class + '.'
      : 'Grad-CAM: what raises the score of ' + why.class + ', bright where it rests most.';
  }
  at('result').hidden = false;
}

function fail(text) {
  at('status').textContent = '';
  at('error').textContent = text;
  at('error').hidden = false;
}

async function ask(file) {
  const mine = ++running;
  at('error').hidden = true;
  at('result').hidden = true;
  at('status').textContent = 'Looking at ' + file.name + ' …';
  URL.revokeObjectURL(address);
  address = URL.createObjectURL(file);
  at('image-figure').hidden = true;
  at('image').onload = () => { at('image-figure').hidden = false; }; // what this browser cannot show stays hidden
  at('image').src = address;
  try {
    const type = file.type.startsWith('image/') ? file.type : 'application/octet-stream';
    const reply = await fetch('predict?explain=true', { method: 'POST', headers: { 'Content-Type': type }, body: file });
    const answer = await reply.json();
    if (mine !== running) return;
    if (!reply.ok) { fail(answer.error); return; }
    show(answer);
    at('status').textContent = file.name + ': ' + at('answer').textContent;
  } catch (e) {
    if (mine === running) fail('The server does not answer. Is it still running?');
  }
}

at('file').addEventListener('change', () => { if (at('file').files.length) ask(at('file').files[0]); });
for (const name of ['dragenter', 'dragover']) {
  document.addEventListener(name, (e) => { e.preventDefault(); at('drop').classList.add('over'); });
}
document.addEventListener('dragleave', (e) => { if (!e.relatedTarget) at('drop').classList.remove('over'); });
document.addEventListener('drop', (e) => {
  e.preventDefault();
  at('drop').classList.remove('over');
  if (e.dataTransfer.files.length) ask(e.dataTransfer.files[0]);
});
document.addEventListener('paste', (e) => { if (e.clipboardData.files.length) ask(e.clipboardData.files[0]); });

fetch('model').then((reply) => reply.json()).then((model) => {
  const few = model.classes.length <= SHOWN;
  at('about').textContent = (model.multi_label ? 'Any number of ' : 'One of ') + model.classes.length + ' classes'
    + (few ? ': ' + model.classes.join(', ') : '') + '. ' + model.notes.join(' ');
}).catch(() => fail('The server does not answer. Is it still running?'));
