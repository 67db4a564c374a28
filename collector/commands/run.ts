import assets from 'perwatt:web-assets'
import { createLog } from '../../protocol/kit/log.ts'
import { serve } from '../../protocol/kit/service.ts'
import { VERSION } from '../../protocol/kit/version.ts'
import { Collector } from '../composition/collector.ts'
import { loadCollectorConfig } from '../config/load.ts'

/** Runs the collector until a signal stops it. */
export async function run(options: { config: string }): Promise<void> {
  const log = createLog({ fields: { program: 'perwatt-collector' } })
  await serve({
    log,
    load: () => loadCollectorConfig(options.config),
    folders: ({ dataFolder }) => [dataFolder],
    async start(config) {
      const own = createLog({ level: config.log.level, fields: { program: 'perwatt-collector' } })
      const collector = new Collector({ config, assets, log: own, version: VERSION })
      const { screenUrl, brokerUrl } = await collector.start()
      own.info('collector runs', { site: config.site.id, screen: `${screenUrl}/wall`, broker: brokerUrl })
      return collector
    },
  })
}
