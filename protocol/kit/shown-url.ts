/** An address as logs and errors show it: without user, password, query and fragment, any of which may hold a credential. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}
