import { createSocket, type RemoteInfo, type Socket, type SocketType } from 'node:dgram'

type Message = (bytes: Buffer, from: RemoteInfo) => void

/**
 * A stand-in for `node:dgram` that net-snmp opens its sockets with. It drops packets from other ports, and packets at which
 * net-snmp throws: it does so inside its listener at some malformed answers, and uncaught that would end the agent.
 */
export const guardedDgram = (port: number) => ({
  createSocket(type: SocketType): Socket {
    const socket = createSocket(type)
    const on = socket.on.bind(socket)
    const guarded =
      (listener: Message): Message =>
      (bytes, from) => {
        if (from.port !== port) return
        try {
          listener(bytes, from)
        } catch {
          // as if the packet had been lost: net-snmp sends the request again, or times out
        }
      }
    socket.on = ((event: string, listener: Message) =>
      on(event, event === 'message' ? guarded(listener) : listener)) as Socket['on']
    return socket
  },
})
