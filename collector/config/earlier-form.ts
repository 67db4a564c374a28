import { type Document, isMap, isSeq, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { CHANNELS } from '../channels/index.ts'
import { FEEDS } from '../feeds/index.ts'
import { STORES } from '../stores/index.ts'
import { ownerSilence } from './owner-silence.ts'
import {
  type Converted,
  columnOf,
  type Edit,
  edited,
  endOf,
  endOfPair,
  keyOf,
  startOf,
} from './yaml-edits.ts'

/**
 * Brings a configuration that was written before version 0.1.0 into today's form. There an entry was named by a key around its
 * settings (`- mempool: { url: ... }`), alert rules were a mapping, and a pool had a `kind` and an `every`. All other text stays
 * as it is, comments too. So does a setting that has moved to another rule since.
 * @param text YAML; where it can't be parsed, or is in today's form, it is returned unchanged
 */
export function fromEarlierForm(text: string): Converted {
  const converted = ofEarlierForm(text)
  const moved = ownerSilence(converted.text)
  return { text: moved.text, changes: [...converted.changes, ...moved.changes] }
}

function ofEarlierForm(text: string): Converted {
  const document = parseDocument(text)
  if (document.errors.length > 0) return { text, changes: [] }
  const store = document.get('store')
  const edits = [
    ...(isMap(store) ? named(text, store, 'store', STORES, 'store') : []),
    ...entries(document, ['feeds']).flatMap(([feed, path]) => named(text, feed, 'feed', FEEDS, path)),
    ...entries(document, ['alerts', 'receivers']).flatMap(([receiver, path]) =>
      named(text, receiver, 'channel', CHANNELS, path),
    ),
    ...entries(document, ['pools']).flatMap(([pool, path]) => [
      ...renamed(pool, 'kind', 'pool', path),
      ...renamed(pool, 'every', 'poll', path),
    ]),
    ...listed(text, document.getIn(['alerts', 'rules'])),
  ]
  return edited(text, edits)
}

/** The mappings of a list, each with its path. */
function entries(document: Document, at: readonly string[]): [YAMLMap, string][] {
  const list = document.getIn(at)
  if (!isSeq(list)) return []
  return list.items.flatMap((item, i): [YAMLMap, string][] =>
    isMap(item) ? [[item, `${at.join('.')}[${i}]`]] : [],
  )
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** `mempool: { url }` becomes `feed: mempool` and `url`. */
function named(
  text: string,
  entry: YAMLMap,
  word: string,
  plugins: readonly { name: string }[],
  path: string,
): Edit[] {
  const pair = entry.items.find((p) => plugins.some(({ name }) => name === kebab(keyOf(p))))
  if (entry.has(word) || !pair) return []
  const name = kebab(keyOf(pair))
  const from = startOf(pair.key)
  const column = columnOf(text, from)
  const head = `${word}: ${name}`
  const of = (body: string): Edit[] => [
    { from, to: endOfPair(pair), text: body, path: `${path}.${keyOf(pair)}`, now: head },
  ]
  const inner = pair.value
  if (!isMap(inner)) return of(head)
  if (!inner.flow) return of(head + shifted(text, pair, inner, column))
  const settings = inner.items.map((p) => text.slice(startOf(p.key), endOfPair(p)))
  if (entry.flow) return of([head, ...settings].join(', '))
  if (entry.items.length === 1 && path.endsWith(']')) return of(`{ ${[head, ...settings].join(', ')} }`)
  return of([head, ...settings].join(`\n${' '.repeat(column)}`))
}

/** What follows the key of a pair, its lines moved so that the settings begin at a column. */
function shifted(text: string, { key }: Pair, inner: YAMLMap, column: number): string {
  const by = column - columnOf(text, startOf(inner.items[0]?.key ?? inner))
  return text
    .slice(endOf(key) + 1, endOf(inner))
    .split('\n')
    .map((line, i) => (i === 0 ? line : moved(line, by)))
    .join('\n')
}

const moved = (line: string, by: number): string => {
  if (line.trim() === '') return line
  return by >= 0 ? ' '.repeat(by) + line : line.slice(Math.min(-by, line.length - line.trimStart().length))
}

/** `rules: { hot: { raise } }` becomes `rules: [{ rule: hot, raise }]`. */
function listed(text: string, rules: unknown): Edit[] {
  if (!isMap(rules) || rules.items.length === 0) return []
  const edits = rules.items.map((pair): Edit => {
    const from = startOf(pair.key)
    const head = `rule: ${keyOf(pair)}`
    const inner = pair.value
    const body = () => {
      const dash = rules.flow ? '' : '- '
      if (!isMap(inner) || inner.items.length === 0) return `${dash}{ ${head} }`
      if (!inner.flow) return `- ${head}${shifted(text, pair, inner, columnOf(text, from) + 2)}`
      const settings = inner.items.map((p) => text.slice(startOf(p.key), endOfPair(p)))
      return `${dash}{ ${[head, ...settings].join(', ')} }`
    }
    return {
      ...{ from, to: endOfPair(pair), text: body() },
      ...{ path: `alerts.rules.${keyOf(pair)}`, now: `${head}, in a list` },
    }
  })
  if (!rules.flow) return edits
  const braces = { path: 'alerts.rules', now: 'a list' }
  return [
    { from: startOf(rules), to: startOf(rules) + 1, text: '[', ...braces },
    ...edits,
    { from: endOf(rules) - 1, to: endOf(rules), text: ']', ...braces },
  ]
}

function renamed(entry: YAMLMap, before: string, now: string, path: string): Edit[] {
  const pair = entry.items.find((item) => keyOf(item) === before)
  if (!pair || entry.has(now)) return []
  return [
    { from: startOf(pair.key), to: endOf(pair.key), text: now, path: `${path}.${before}`, now: `${now}:` },
  ]
}
