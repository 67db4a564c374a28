import { loadConfig } from '../../protocol/kit/config.ts'
import { createLog } from '../../protocol/kit/log.ts'
import { serve } from '../../protocol/kit/service.ts'
import { VERSION } from '../../protocol/kit/version.ts'
import { Agent } from '../composition/agent.ts'
import { agentConfigSchema } from '../config/config.ts'
import { DRIVERS } from '../drivers/index.ts'

/** Reads the configured devices until told to stop. */
export async function run(options: { config: string }): Promise<void> {
  const schema = agentConfigSchema(DRIVERS)
  const log = createLog({ fields: { program: 'perwatt-agent' } })
  await serve({
    log,
    load: () => loadConfig(schema, options.config),
    async start(config, previous?: Agent) {
      const agent = new Agent({
        config,
        drivers: DRIVERS,
        log: createLog({
          level: config.log.level,
          fields: { program: 'perwatt-agent', agent: config.agent },
        }),
        version: VERSION,
        ...(previous ? { spool: previous.spool } : {}),
      })
      await agent.start()
      return agent
    },
  })
}
