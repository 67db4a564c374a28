import { readFile } from 'node:fs/promises'
import { macOf } from '../wire/loose-json.ts'

const ARP_TABLE = '/proc/net/arp'
/** the entry is complete (ATF_COM); one that waits for an answer has none of a MAC */
const COMPLETE = 0x2

/**
 * The MAC that this computer's own network told of an address that it has just talked to: for stock Antminers, which tell
 * theirs only to who logs in. Linux only, and only within the same network: behind a router nobody knows it.
 */
export async function neighbourMac(host: string): Promise<string | undefined> {
  const table = await readFile(ARP_TABLE, 'utf8').catch(() => '')
  return macInTable(table, host)
}

/** @param table as Linux writes /proc/net/arp */
export function macInTable(table: string, host: string): string | undefined {
  const line = table.split('\n').find((l) => l.startsWith(`${host} `))
  const [, , flags, mac] = line?.split(/\s+/) ?? []
  return Number(flags) & COMPLETE ? macOf(mac) : undefined
}
