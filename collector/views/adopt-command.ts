/** The command that gives put-aside devices to the agent that reads them. */
export const adoptCommand = ({ agentId, ownerAgentId }: { agentId: string; ownerAgentId: string }): string =>
  `perwatt-collector devices adopt --agent ${agentId} --owner ${ownerAgentId} --by NAME --reason WHY`
