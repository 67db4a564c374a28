import { Command } from 'commander'
import { z } from 'zod'
import { loadConfig } from '../../protocol/kit/config.ts'
import { counted } from '../../protocol/kit/counted.ts'
import { printJson, printLine } from '../../protocol/kit/terminal.ts'
import { agentConfigSchema } from '../config/config.ts'
import { EXAMPLE } from '../config/example.ts'
import { DRIVERS } from '../drivers/index.ts'
import { configOption } from './config-option.ts'

/** `perwatt-agent check`: validates a configuration without touching a device; or prints the schema or an example. */
export const checkCommand = (): Command =>
  new Command('check')
    .description('check that the configuration is valid, without touching a device')
    .addOption(configOption())
    .option('--schema', 'print the JSON Schema for editors')
    .option('--example', 'print a commented configuration to start from')
    .action(check)

function check(options: { config: string; schema?: boolean; example?: boolean }): void {
  const schema = agentConfigSchema(DRIVERS)
  if (options.schema) {
    const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
    printJson({ title: 'perwatt-agent configuration', ...json }, 2)
    return
  }
  if (options.example) {
    printLine(EXAMPLE.trimEnd())
    return
  }
  const { site, agent, devices, mqtt, simulated } = loadConfig(schema, options.config)
  const counts = new Map<string, number>()
  for (const d of devices) counts.set(d.driver, (counts.get(d.driver) ?? 0) + 1)
  const list = [...counts].map(([driver, n]) => `${n} ${driver}`).join(', ')
  const known = mqtt.username !== undefined || mqtt.password !== undefined
  const user = known
    ? `as user ${mqtt.username ?? agent}${mqtt.password ? '' : ', without a password'}`
    : 'without a user'
  printLine(
    `${options.config} is valid: agent ${agent} of site ${site}${simulated ? ' (simulated)' : ''}, ${counted(devices.length, 'device')} (${list}), broker ${mqtt.url} (${user})`,
  )
}
