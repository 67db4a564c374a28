import { BlockList, isIP } from 'node:net'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Whether other machines may reach what listens at this address; a host name other than localhost may stand for any address. */
export function beyondLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '')
  const family = isIP(address)
  if (family === 0) return !/^localhost$/i.test(host)
  return !LOOPBACK.check(address, family === 4 ? 'ipv4' : 'ipv6')
}
