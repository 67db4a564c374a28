import { startInfluxd } from '../../../influxd.ts'
import type { StartStoreRig } from '../store-rig.ts'

const start: StartStoreRig = async () => {
  const influxd = await startInfluxd()
  return {
    settings: (number) => ({ url: influxd.url, database: `perwatt${number}` }),
    stop: () => influxd.remove(),
  }
}

export default start
