/** W of `dcmi power reading`. Some BMCs say `deactivated` beside real watts; 0 W is none, for the BMC itself needs some. */
export function dcmiPowerW(text: string): number | undefined {
  const watts = Number(/^\s*Instantaneous power reading:\s*(\d{1,5}) Watts\s*$/im.exec(text)?.[1])
  return watts > 0 ? watts : undefined
}

/** True where the BMC knows no DCMI, or has no power meter behind it; asking again changes nothing. */
export const isWithoutDcmi = (said: string): boolean =>
  /DCMI request failed because|Unable to get DCMI|valid DCMI command was not returned/i.test(said)

/** A sensor of `sdr` (three columns) or `sdr elist` (five) that has watts. */
export interface IpmiPowerSensor {
  name: string
  powerW: number
}

/** The sensors with watts. Lines of errors between the rows (`Unable to send command`) are none. */
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
 * Names that makers give the whole machine's input: IBM and Lenovo `Avg Power`, Dell `Pwr Consumption` and `System Level`,
 * HPE `Power Meter`, Supermicro and others `Total Power`, `SYS_POWER`. A single supply is never the machine.
 */
const WHOLE_MACHINE =
  /^(avg[ _]power|pwr[ _]consumption|system[ _]level|power[ _]meter|(sys|system|total|node|chassis)[ _]?(input[ _]?)?(power|pwr)([ _](in|input|usage|consumption))?)$/i

/** The sensor that is the machine's power: the one that is named, else one whose name says so. */
export const wholeMachine = (
  sensors: readonly IpmiPowerSensor[],
  named: string | undefined,
): IpmiPowerSensor | undefined =>
  sensors.find(({ name }) => (named === undefined ? WHOLE_MACHINE.test(name) : name === named))
