import { type Judged, judge } from '../../host-power/judge.ts'
import type { NamedSensor } from '../../host-power/machine-power.ts'
import { subjectOf } from '../../host-power/sensor-names.ts'

/**
 * Power in the output of `dcmi power reading`, W. Some BMCs write `deactivated` next to a real figure, so that word is ignored. 0 W
 * counts as no value, because the BMC itself draws power. Firmware without a reading also writes 65535 Watts.
 */
export function dcmiPowerW(text: string): Judged {
  const [, said] = /^\s*Instantaneous power reading:\s*(\S.*?)(?:\s+Watts)?\s*$/im.exec(text) ?? []
  return judge(said)
}

/** True where the BMC has no DCMI, or no power meter for it. */
export const isWithoutDcmi = (said: string): boolean =>
  /DCMI request failed because|Unable to get DCMI|valid DCMI command was not returned/i.test(said) &&
  !isForNow(said)

/** Completion codes that pass (IPMI 2.0, table 5-2): busy, time-out, out of space, initializing, not in this state. */
export const isForNow = (said: string): boolean => /\((?:0x)?(?:c0|c3|c4|ce|cf|d0|d1|d2|d5)\)/i.test(said)

/** True where ipmitool reached no BMC or could not log in, so that no other request gets further. */
export const isWithoutBmc = (said: string): boolean =>
  /Could not open device|Unable to establish|Get Auth Capabilities error|Address lookup|RAKP|Activate Session error|unauthorized name|password.*invalid/i.test(
    said,
  )

/** True where ipmitool could not read the list of the sensors to its end: a sum of those before would look right and be too low. */
export const isCutShort = (said: string): boolean =>
  /SDR (record|repository|reservation)|Get(ting)? SDR|reserve.*SDR/i.test(said)

/** Whether a sensor is the machine's own. */
export const isOfWhole = ({ name }: NamedSensor): boolean => subjectOf(name)?.of === 'machine'

const WITHOUT_READING = /^(no reading|na|ns|disabled|not readable)$/i

/** These say something without a reading too; a supply that has none is absent. */
const STAYS: ReadonlySet<string | undefined> = new Set(['machine', 'hot-swap'])

/**
 * The sensors in watts, from `sdr` (three columns) or `sdr elist` (five). Error lines between the rows, such as `Unable to send
 * command`, are skipped, and so is a sensor without a reading (`no reading`, `na`, `Disabled`), such as that of an absent supply.
 * The machine's own sensor is kept without a reading, so that no other one stands in for a machine that is off, and so is an input,
 * so that the others' sum is not taken for the whole. A supply without a reading is kept as silent where another sensor of it has one:
 * it is there.
 */
export function ipmiPowerSensors(text: string): NamedSensor[] {
  const sensors: NamedSensor[] = []
  const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
  const working = new Set(rows.flatMap((row) => (row.some(isReading) ? (entityOf(row) ?? []) : [])))
  for (const row of rows) {
    const [name = '', ...cells] = row
    const reading = cells.map((cell) => /^(-?\d+(?:\.\d+)?) Watts\b/i.exec(cell)?.[1]).find(Boolean)
    if (name && reading) sensors.push({ name, ...judge(reading) })
    else if (cells.some((cell) => WITHOUT_READING.test(cell))) {
      const of = subjectOf(name)?.of
      if (STAYS.has(of)) sensors.push({ name })
      else if (of === 'supply' && working.has(entityOf(row) ?? '')) sensors.push({ name, isSilent: true })
    }
  }
  return sensors
}

/** Volts, amperes, degrees or revolutions above 0. */
const isReading = (cell: string): boolean =>
  /^[1-9]\d*(?:\.\d+)? (?:Volts|Amps|degrees C|RPM)\b|^0\.0*[1-9]\d* (?:Volts|Amps)\b/i.test(cell)

/** The entity and its instance in `sdr elist`: 10.2 is the second power supply (IPMI 2.0, table 43-13). */
const entityOf = (row: readonly string[]): string | undefined =>
  row.length === 5 && /^10\.\d+$/.test(row[3] ?? '') ? row[3] : undefined
