import {
  Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { AUTO } from '../config/device-config.ts'
import type { NewDevice, Plan } from './reconcile.ts'

/** Settings from the command line that every new device gets. */
export interface EntrySettings {
  port?: number
  webPort?: number
  web?: { username: string; password: { file: string } }
}

interface Edit {
  at: number
  /** exclusive; equal to `at` where the edit only inserts */
  end: number
  text: string
}

/**
 * Writes a scan's changes into a configuration. Everything else stays the same to the byte: only addresses change, and lines are
 * added.
 * @param text a configuration that the agent accepts
 * @throws PerwattError where a device can't be changed in place, because it is written as a YAML alias
 */
export function withPlan(text: string, plan: Plan, settings: EntrySettings): string {
  const devices = parseDocument(text).get('devices', true)
  if (!isSeq(devices)) throw new PerwattError('scan', 'devices: is no list; add the devices by hand')
  const eol = /\r?\n/.exec(text)?.[0] ?? '\n'
  const edits: Edit[] = []
  const hostOf = (index: number, id: string) => {
    const item = devices.items[index]
    const pair = isMap(item) ? item.items.find((p) => isScalar(p.key) && p.key.value === 'host') : undefined
    const range = isScalar(pair?.value) ? pair.value.range : undefined
    if (!isMap(item) || !pair || !range)
      throw new PerwattError('scan', `the host of ${id} is no plain text; change it by hand`)
    return { item, pair, at: range[0], end: range[1] }
  }
  for (const { index, id, to } of plan.moved) {
    const { at, end } = hostOf(index, id)
    edits.push({ at, end, text: to })
  }
  for (const { index, id, hardwareId } of plan.noted) {
    const { item, pair, end } = hostOf(index, id)
    const setting = `hardwareId: ${JSON.stringify(hardwareId)}`
    const at = item.flow ? end : endOfLine(text, end)
    edits.push({ at, end: at, text: item.flow ? `, ${setting}` : `${eol}${indentOf(text, pair)}${setting}` })
  }
  const last = devices.items.at(-1)
  if (plan.added.length > 0 && isMap(last))
    edits.push(appended(text, eol, devices, last, plan.added, settings))
  return edits.sort((a, b) => b.at - a.at).reduce((t, e) => t.slice(0, e.at) + e.text + t.slice(e.end), text)
}

/** Inserts the new devices after the last one, with the indentation of the first. */
function appended(
  text: string,
  eol: string,
  devices: YAMLSeq,
  last: YAMLMap,
  added: readonly NewDevice[],
  settings: EntrySettings,
): Edit {
  if (devices.flow) {
    const at = last.range?.[1] ?? text.length
    return { at, end: at, text: added.map((d) => `, ${JSON.stringify(entryOf(d, settings))}`).join('') }
  }
  const [start = 0, at = text.length] = devices.range ?? []
  const indent = ' '.repeat(columnOf(text, start))
  const lines = devicesText(added, settings)
    .trimEnd()
    .split('\n')
    .map((line) => `${indent}${line}${eol}`)
  return { at, end: at, text: `${text[at - 1] === '\n' ? '' : eol}${lines.join('')}` }
}

/** A new configuration with these devices. */
export function newConfigText(
  names: { site: string; agent: string },
  added: readonly NewDevice[],
  settings: EntrySettings,
): string {
  const devices = devicesText(added, settings).replace(/^(?=.)/gm, '  ')
  return `# Written by "perwatt-agent scan". A later scan with --write adds new machines and updates addresses;
# everything else stays as you write it. For all settings see: perwatt-agent check --example

# The site's name, the same in the collector; and this agent's own name within the site.
site: ${names.site}
agent: ${names.agent}

# The broker. Passwords: the text itself, { file: /path } or { env: NAME }.
mqtt:
  url: mqtt://127.0.0.1:1883

devices:
${devices}`
}

/** The devices' lines. Model and firmware are only a comment, because a machine may get another firmware, and so another driver. */
function devicesText(added: readonly NewDevice[], settings: EntrySettings): string {
  const document = new Document(added.map((device) => entryOf(device, settings)))
  added.forEach(({ found }, i) => {
    const driver = document.getIn([i, 'driver'], true)
    const { model, firmware } = found.identity ?? {}
    const what = [model ?? found.driver, firmware].filter((part) => part).join(', ')
    if (isScalar(driver)) driver.comment = ` ${what.replace(/\s+/g, ' ')}`
    // in quotes: YAML 1.1 readers take some MACs for base 60 numbers
    const hardwareId = document.getIn([i, 'hardwareId'], true)
    if (isScalar(hardwareId)) hardwareId.type = 'QUOTE_DOUBLE'
    for (const name of ['location', 'web']) {
      const part = document.getIn([i, name], true)
      if (isMap(part)) part.flow = true
    }
  })
  return document.toString({ lineWidth: 0 })
}

function entryOf({ id, location, found }: NewDevice, settings: EntrySettings) {
  const hardwareId = found.identity?.hardwareId
  return {
    id,
    driver: AUTO,
    host: found.host,
    ...(hardwareId === undefined ? {} : { hardwareId }),
    ...settings,
    ...(location === undefined ? {} : { location }),
  }
}

const columnOf = (text: string, at: number): number => at - (text.lastIndexOf('\n', at - 1) + 1)

const indentOf = (text: string, { key }: Pair): string =>
  ' '.repeat(columnOf(text, (isNode(key) && key.range?.[0]) || 0))

/** Offset of the end of the line, before its line break. */
function endOfLine(text: string, from: number): number {
  const rest = /\r?\n|$/.exec(text.slice(from))
  return from + (rest?.index ?? 0)
}
