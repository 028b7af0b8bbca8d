// The foot of the list: which agents are online, who I am, sign out, language.

import { useState } from 'preact/hooks';
import type { Chat } from '../shared/core/chat';
import type { WireError } from '../shared/core/wire';
import { LanguageSwitch } from '../shared/ui/LanguageSwitch';
import type { Live } from '../shared/ui/live';
import { locale } from '../shared/ui/locale';
import { nameOf } from '../shared/ui/names';
import { type AllWords, consoleWords } from './consoleWords';
import { listShown } from './Shortcuts';

interface StaffProps {
  live: Live<Chat>;
  signOut: () => Promise<WireError | null>;
}

export function Staff({ live, signOut }: StaffProps) {
  const words = consoleWords.value;
  const [problem, setProblem] = useState<WireError | null>(null);
  const chat = live.value;
  const agents = [...chat.agents.values()];
  const connected = chat.connection.phase === 'online';
  return (
    <footer class="staff">
      {agents.length > 0 && (
        <details>
          <summary>
            <span class={connected ? 'dot on' : 'dot'} aria-hidden="true" /> {words.agentsOnline} (
            {agents.length})
          </summary>
          <ul>
            {agents.map(agent => (
              <li key={agent.id}>
                <bdi>{nameOf(agent, words)}</bdi>
              </li>
            ))}
          </ul>
        </details>
      )}
      <div class="self">
        {chat.welcomed && (
          <p>
            <span class="hidden">{words.signedInAs} </span>
            <bdi class="self-name">{nameOf(chat.me, words)}</bdi>
            <span class="self-role">{roleName(chat.me.role, words)}</span>
          </p>
        )}
        <LanguageSwitch />
        <button
          type="button"
          class="quiet"
          aria-label={words.shortcuts}
          title={words.shortcuts}
          onClick={() => {
            listShown.value = true;
          }}
        >
          ?
        </button>
        <button type="button" class="quiet" onClick={async () => setProblem(await signOut())}>
          {words.signOut}
        </button>
      </div>
      <p class="staff-problem" role="alert">
        {problem === null ? '' : locale.value.error(problem.code)}
      </p>
    </footer>
  );
}

function roleName(role: string, words: AllWords): string {
  const names: Readonly<Record<string, string>> = {
    agent: words.roleAgent,
    supervisor: words.roleSupervisor,
    admin: words.roleAdmin,
  };
  return names[role] ?? role;
}
