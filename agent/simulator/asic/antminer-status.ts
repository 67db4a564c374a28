import { createServer, type Server } from 'node:http'
import { HungConnections } from './hung-connections.ts'
import type { AsicMachine } from './machine.ts'
import { ASIC_MODELS } from './models.ts'

/** Port 6060 of stock firmware: plain text without a login. The firmware of an S19 does not know the requests. */
export function createStatusServer(machine: AsicMachine): Server {
  const hung = new HungConnections()
  return createServer((request, response) => {
    if (machine.api === 'hangs') return hung.hold(request.socket)
    response.setHeader('content-type', 'text/plain').end(answer(machine, request.url))
  })
}

function answer(machine: AsicMachine, path: string | undefined): string {
  if (machine.model !== ASIC_MODELS.s21) return 'error 6060 cmd'
  if (path === '/miner_power') return `miner power:${Math.round(machine.powerW)}`
  return path === '/warning' ? '{"error_message":"None"}' : 'error 6060 cmd'
}
