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
  return macInTable(await arpTable(), host)
}

/** The text of Linux's /proc/net/arp; empty on other systems. */
export const arpTable = (): Promise<string> => readFile(ARP_TABLE, 'utf8').catch(() => '')

/** @param table the text of Linux's /proc/net/arp */
export function macInTable(table: string, host: string): string | undefined {
  return entries(table).find(([address]) => address === host)?.[1]
}

/** MACs by address, without those that several addresses have: a router answers for machines behind it (proxy ARP). */
export function ownMacs(table: string): Map<string, string> {
  const found = entries(table)
  const addresses = new Map<string, number>()
  for (const [, mac] of found) addresses.set(mac, (addresses.get(mac) ?? 0) + 1)
  return new Map(found.filter(([, mac]) => addresses.get(mac) === 1))
}

function entries(table: string): [address: string, mac: string][] {
  return table.split('\n').flatMap((line): [string, string][] => {
    const [address, , flags, text] = line.split(/\s+/)
    const mac = Number(flags) & COMPLETE ? macOf(text) : undefined
    return address && mac ? [[address, mac]] : []
  })
}
