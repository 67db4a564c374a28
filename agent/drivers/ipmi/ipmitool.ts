/**
 * Power in the output of `dcmi power reading`, W. Some BMCs write `deactivated` next to a real figure, so that word is ignored. 0 W
 * counts as no value, because the BMC itself draws power.
 */
export function dcmiPowerW(text: string): number | undefined {
  const watts = Number(/^\s*Instantaneous power reading:\s*(\d{1,5}) Watts\s*$/im.exec(text)?.[1])
  return watts > 0 ? watts : undefined
}

/** True where the BMC has no DCMI, or no power meter for it; a later query would give the same answer. */
export const isWithoutDcmi = (said: string): boolean =>
  /DCMI request failed because|Unable to get DCMI|valid DCMI command was not returned/i.test(said)

/** A sensor in watts from `sdr` (three columns) or `sdr elist` (five). */
export interface IpmiPowerSensor {
  name: string
  powerW: number
}

/** The sensors in watts. Error lines between the rows, such as `Unable to send command`, are skipped. */
export function ipmiPowerSensors(text: string): IpmiPowerSensor[] {
  const sensors: IpmiPowerSensor[] = []
  for (const line of text.split('\n')) {
    const [name = '', ...cells] = line.split('|').map((cell) => cell.trim())
    const reading = cells.map((cell) => /^(\d+(?:\.\d+)?) Watts\b/i.exec(cell)?.[1]).find(Boolean)
    if (name && reading) sensors.push({ name, powerW: Number(reading) })
  }
  return sensors
}

/**
 * Makers' names for the input power of the whole machine: IBM and Lenovo `Avg Power`, Dell `Pwr Consumption` and `System Level`, HPE
 * `Power Meter`, Supermicro and others `Total Power` or `SYS_POWER`. Names of a single power supply never match.
 */
const WHOLE_MACHINE =
  /^(avg[ _]power|pwr[ _]consumption|system[ _]level|power[ _]meter|(sys|system|total|node|chassis)[ _]?(input[ _]?)?(power|pwr)([ _](in|input|usage|consumption))?)$/i

/** The sensor of the machine's power: the configured one, or else the first with one of the makers' names. */
export const wholeMachine = (
  sensors: readonly IpmiPowerSensor[],
  named: string | undefined,
): IpmiPowerSensor | undefined =>
  sensors.find(({ name }) => (named === undefined ? WHOLE_MACHINE.test(name) : name === named))
