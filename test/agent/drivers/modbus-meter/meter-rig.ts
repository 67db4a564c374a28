import { afterEach, beforeEach } from 'vitest'
import modbusMeter from '../../../../agent/drivers/modbus-meter/modbus-meter.ts'
import type { Session } from '../../../../agent/plugin/driver.ts'
import type { Reading } from '../../../../agent/plugin/reading.ts'
import { type ModbusServer, serveModbus } from '../../modbus-server.ts'

export const never = new AbortController().signal

/** A Modbus server for each test of the file that calls this, and sessions with it, which end with the test. */
export function meterRig() {
  let server: ModbusServer
  const sessions: Session[] = []
  beforeEach(async () => {
    server = await serveModbus()
  })
  afterEach(async () => {
    for (const session of sessions.splice(0)) session.close?.()
    await server.close()
  })
  const open = (settings: object): Session => {
    const options = modbusMeter.settings.parse({ port: server.port, ...settings })
    const session = modbusMeter.open({ id: 'meter-01', host: '127.0.0.1', options })
    sessions.push(session)
    return session
  }
  return {
    get server() {
      return server
    },
    open,
    read: async (settings: object): Promise<Reading> => (await open(settings).read(never))[0]!,
  }
}
