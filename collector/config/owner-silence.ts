import { isMap, isSeq, type Pair, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'
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

const BEFORE = 'silentAfter'

/**
 * `silentAfter` of the rule `device-claimed` became `after` of `owner-silent`, which alerts where an owner is silent. What stands there already
 * stays.
 */
export function ownerSilence(text: string): Converted {
  const document = parseDocument(text)
  const rules = document.errors.length > 0 ? undefined : document.getIn(['alerts', 'rules'])
  if (!isSeq(rules)) return { text, changes: [] }
  const entries = rules.items.filter(isMap)
  const claimed = entries.find((entry) => entry.get('rule') === 'device-claimed' && entry.has(BEFORE))
  const pair = claimed?.items.find((item) => keyOf(item) === BEFORE)
  if (!claimed || !pair) return { text, changes: [] }
  const after = text.slice(startOf(pair.key), endOfPair(pair)).replace(BEFORE, 'after')
  const path = `alerts.rules[${rules.items.indexOf(claimed)}].${BEFORE}`
  const silent = entries.find((entry) => entry.get('rule') === 'owner-silent')
  const removal = removed(text, claimed, pair)
  if (silent?.has('after'))
    return edited(text, [{ ...removal, path, now: 'left out: the rule owner-silent has its own `after`' }])
  const now = `${after} of the rule owner-silent`
  const place = silent ? inEntry(text, silent, after) : inList(text, rules, claimed, after)
  const { text: changed } = edited(text, [
    { ...removal, path, now },
    { ...place, path, now },
  ])
  return { text: changed, changes: [{ path, now }] }
}

type Place = Pick<Edit, 'from' | 'to' | 'text'>

/** Takes a pair out of its mapping: its line, or what stands between it and its neighbour. */
function removed(text: string, entry: YAMLMap, pair: Pair): Place {
  const i = entry.items.indexOf(pair)
  const [before, next] = [entry.items[i - 1], entry.items[i + 1]]
  if (!before) return { from: startOf(pair.key), to: next ? startOf(next.key) : endOfPair(pair), text: '' }
  if (entry.flow) return { from: endOfPair(before), to: endOfPair(pair), text: '' }
  const lineEnd = text.indexOf('\n', endOfPair(pair))
  return {
    from: text.lastIndexOf('\n', startOf(pair.key)) + 1,
    to: lineEnd < 0 ? text.length : lineEnd + 1,
    text: '',
  }
}

function inEntry(text: string, entry: YAMLMap, after: string): Place {
  const [first] = entry.items
  const last = entry.items.at(-1)
  const at = last ? endOfPair(last) : endOf(entry)
  const separator = entry.flow ? ', ' : `\n${' '.repeat(first ? columnOf(text, startOf(first.key)) : 0)}`
  return { from: at, to: at, text: separator + after }
}

/** A new entry before the one that had the setting: what stands behind an entry may be a comment of the next. */
function inList(text: string, rules: YAMLSeq, claimed: YAMLMap, after: string): Place {
  const entry = `{ rule: owner-silent, ${after} }`
  if (rules.flow) return { from: startOf(claimed), to: startOf(claimed), text: `${entry}, ` }
  const dash = text.lastIndexOf('-', startOf(claimed))
  return { from: dash, to: dash, text: `- ${entry}\n${' '.repeat(columnOf(text, dash))}` }
}
