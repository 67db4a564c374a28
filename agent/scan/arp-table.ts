import { readFile } from 'node:fs/promises'
import { macOf } from '../wire/loose-json/fields.ts'

const ARP_TABLE = '/proc/net/arp'
/** flag of a complete entry (ATF_COM); an entry that waits for an answer has no MAC */
const COMPLETE = 0x2

/**
 * The MAC of an address to which this computer has just talked, from its ARP table. Stock Antminers report their MAC only after a
 * login, so this is often the only source. It works on Linux, and only within the same network, not through a router.
 */
export async function neighbourMac(host: string): Promise<string | undefined> {
  const table = await readFile(ARP_TABLE, 'utf8').catch(() => '')
  return macInTable(table, host)
}

/** @param table the text of Linux's /proc/net/arp */
export function macInTable(table: string, host: string): string | undefined {
  const line = table.split('\n').find((l) => l.startsWith(`${host} `))
  const [, , flags, mac] = line?.split(/\s+/) ?? []
  return Number(flags) & COMPLETE ? macOf(mac) : undefined
}
