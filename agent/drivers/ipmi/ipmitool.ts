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

/** True where the BMC has no DCMI, or no power meter for it; a later query would give the same answer. */
export const isWithoutDcmi = (said: string): boolean =>
  /DCMI request failed because|Unable to get DCMI|valid DCMI command was not returned/i.test(said)

const WITHOUT_READING = /^(no reading|na|ns|disabled|not readable)$/i

/** These say something without a reading too; a supply that has none is absent. */
const STAYS: ReadonlySet<string | undefined> = new Set(['machine', 'hot-swap'])

/**
 * The sensors in watts, from `sdr` (three columns) or `sdr elist` (five). Error lines between the rows, such as `Unable to send
 * command`, are skipped, and so is a sensor without a reading (`no reading`, `na`, `Disabled`), such as that of an absent supply.
 * The machine's own sensor is kept without a reading, so that no other one stands in for a machine that is off, and so is an input,
 * so that the others' sum is not taken for the whole.
 */
export function ipmiPowerSensors(text: string): NamedSensor[] {
  const sensors: NamedSensor[] = []
  for (const line of text.split('\n')) {
    const [name = '', ...cells] = line.split('|').map((cell) => cell.trim())
    const reading = cells.map((cell) => /^(-?\d+(?:\.\d+)?) Watts\b/i.exec(cell)?.[1]).find(Boolean)
    if (name && reading) sensors.push({ name, ...judge(reading) })
    else if (cells.some((cell) => WITHOUT_READING.test(cell)) && STAYS.has(subjectOf(name)?.of))
      sensors.push({ name })
  }
  return sensors
}
