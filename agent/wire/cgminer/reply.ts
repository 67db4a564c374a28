import { PerwattError, reasonOf } from '../../../protocol/kit/errors.ts'
import { isRow, type Row } from '../loose-json/fields.ts'
import { parseLooseJson } from '../loose-json/parse.ts'
import { isCgminerText, parseCgminerText } from './text-form.ts'

export interface CgminerReply {
  body: Row
  /** false where the firmware cut the tail: the fields present are right, but a sum or count over a list is too small */
  complete: boolean
}

/** The error code where the miner refuses the command. */
const REFUSED = 'miner-refused'

/**
 * Reads a reply as JSON, repaired where needed, or as cgminer's text form.
 * @param what names the reply in the error, such as `the reply of 10.0.0.1:4028 to "summary"`
 * @throws PerwattError `malformed`
 */
export function parseReply(text: string, what: string): CgminerReply {
  if (isCgminerText(text)) return { body: parseCgminerText(text), complete: true }
  try {
    const { value, complete } = parseLooseJson(text)
    if (isRow(value)) return { body: value, complete }
    throw new SyntaxError('it is not an object')
  } catch (error) {
    throw new PerwattError(
      'malformed',
      `${what} cannot be read: ${reasonOf(error)}; check what listens there`,
      { cause: error },
    )
  }
}

/** @param at address and port @param why the miner's own words */
export const minerRefuses = (at: string, command: string, why: string): PerwattError =>
  new PerwattError(REFUSED, `${at} refuses "${command}": ${why}; check the API access and the firmware`)

/** The miner's words where STATUS is E (error) or F (fatal); undefined where the command succeeded. */
export function refusalOf(body: Row): string | undefined {
  const status = body['STATUS']
  const first = (Array.isArray(status) ? status[0] : status) as unknown
  // btminer's own commands: {"STATUS":"E","Msg":"invalid cmd"}; all others: a row, alone or in a list
  const row = isRow(first) ? first : { STATUS: first, Msg: body['Msg'] }
  const severity = String(row['STATUS'] ?? '').toUpperCase()
  return severity === 'E' || severity === 'F' ? oneLine(row['Msg']) : undefined
}

const oneLine = (value: unknown): string =>
  (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).replace(/\s+/g, ' ').slice(0, 120)
