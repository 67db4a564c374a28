import redfish from '../../agent/drivers/redfish/redfish.ts'
import { soon } from './asic-harness.ts'
import { type Bmc, type Resources, startBmc } from './bmc-server.ts'

export const openBmc = (bmc: Bmc, settings: object = {}) =>
  redfish.open({ id: 'gpu-01', host: '', options: redfish.settings.parse({ url: bmc.url, ...settings }) })
export const readOne = async (pages: Resources, settings?: object) =>
  (await openBmc(await startBmc(pages), settings).read(soon()))[0]
export const powerOf = async (pages: Resources) => (await readOne(pages))?.sample

export const reported = (powerW: number) => ({ state: 'ok', powerW, powerBasis: 'reported' })
export const watts = (Reading: number | null, DataSourceUri?: string) => ({
  PowerWatts: { Reading, DataSourceUri },
})

/** PowerControl as AMI's firmware 1.40.00 of an ASRock Rack 8U16X-GNR2 (B300) has it; a public fleet tool's notes and tests. */
export const AMI_POWER = {
  PowerControl: [
    { PowerConsumedWatts: null, PowerMetrics: { CurConsumedWatts: 4920, AverageConsumedWatts: 4925 } },
  ],
}
