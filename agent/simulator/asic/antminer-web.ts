import { serialNumber } from './figures.ts'
import type { AsicMachine } from './machine.ts'
import type { WebPages } from './web-server.ts'

/** The web interface of stock firmware: the machine's identity, and its setting for sleep mode. */
export const antminerPages: WebPages = {
  login: { realm: 'antMiner Configuration' },
  page(machine, path) {
    if (path === '/cgi-bin/get_system_info.cgi') return systemInfo(machine)
    if (path === '/cgi-bin/get_miner_conf.cgi') return minerConf(machine)
    return undefined
  },
}

const systemInfo = ({ id, mac, model }: AsicMachine): object => ({
  minertype: model.name,
  nettype: 'DHCP',
  netdevice: 'eth0',
  macaddr: mac.toUpperCase(),
  hostname: id,
  ipaddress: '',
  system_filesystem_version: 'Thu Mar 16 10:21:07 CST 2023',
  firmware_type: 'Release',
  Algorithm: 'sha256d',
  serinum: serialNumber({ mac }),
})

const minerConf = ({ asleep, pools, model }: AsicMachine): object => ({
  pools: pools.map(({ url, user }) => ({ url, user, pass: '' })),
  'api-listen': true,
  'api-network': true,
  'bitmain-fan-ctrl': false,
  'bitmain-freq': String(model.frequencyMHz),
  // 1: sleep
  'bitmain-work-mode': asleep ? '1' : '0',
})
