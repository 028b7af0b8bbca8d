// The foot of the list: which agents are online, who I am and whether I am away, sign out, language.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Chat } from '../shared/core/chat';
import type { WireError } from '../shared/core/wire';
import { WarningIcon } from '../shared/ui/icons';
import { LanguageSwitch } from '../shared/ui/LanguageSwitch';
import type { Live } from '../shared/ui/live';
import { locale } from '../shared/ui/locale';
import { nameOf } from '../shared/ui/names';
import { Availability } from './Availability';
import { accountWords, roleName } from './accountWords';
import { isTroubled } from './alerts/AlertsPanel';
import { alertWords } from './alerts/alertWords';
import { blockWords } from './blockWords';
import { presenceWords } from './presenceWords';
import { repliesWords } from './repliesWords';
import { openPanel, type PanelName } from './route';
import { listShown } from './Shortcuts';
import { settingsWords } from './settings/settingsWords';

interface StaffProps {
  live: Live<Chat>;
  signOut: () => Promise<WireError | null>;
}

export function Staff({ live, signOut }: StaffProps) {
  const words = accountWords.value;
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
                {agent.away && <span class="mark away">{presenceWords.value.away}</span>}
              </li>
            ))}
          </ul>
        </details>
      )}
      {chat.welcomed && <Availability live={live} />}
      <div class="self">
        {chat.welcomed && (
          <p>
            <span class="hidden">{words.signedInAs} </span>
            <bdi class="self-name">{nameOf(chat.me, words)}</bdi>
            <span class="self-role">{roleName(chat.me.role)}</span>
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
      {chat.welcomed && (
        <div class="staff-links">
          <PanelLink name="account" label={words.myAccount} />
          <PanelLink name="alerts" label={alertWords.value.alerts}>
            {isTroubled() && (
              <span class="trouble" title={alertWords.value.alertsTrouble}>
                <WarningIcon />
                <span class="hidden">{alertWords.value.alertsTrouble}</span>
              </span>
            )}
          </PanelLink>
          <PanelLink name="replies" label={repliesWords.value.savedReplies} />
          <PanelLink name="blocks" label={blockWords.value.blocks} />
          {chat.me.role === 'admin' && (
            <>
              <PanelLink name="accounts" label={words.accounts} />
              <PanelLink name="settings" label={settingsWords.value.settings} />
            </>
          )}
        </div>
      )}
      <p class="staff-problem" role="alert">
        {problem === null ? '' : locale.value.error(problem.code)}
      </p>
    </footer>
  );
}

interface PanelLinkProps {
  name: PanelName;
  label: string;
  children?: ComponentChildren;
}

function PanelLink({ name, label, children }: PanelLinkProps) {
  return (
    <a href={`#${name}`} aria-current={openPanel.value === name ? 'page' : undefined}>
      {label}
      {children}
    </a>
  );
}
