import { hrefOf } from '../../go.ts';
import type { ScreenProps } from '../../screen-props.ts';
import { useMay } from '../../stores/session.ts';
import { screenTexts } from '../../texts/screens.ts';
import { apiTexts, settingsTexts as texts } from '../../texts/settings.ts';
import { PageHeader, TabLinks } from '../../ui/page-header.tsx';
import { DirectoryPart } from './directory-part.tsx';
import { AboutPart, AppearancePart, PasswordPart } from './own-parts.tsx';
import { RestartNotice, SettingGroups } from './setting-groups.tsx';
import classes from './settings.module.css';
import { SigningKey } from './signing-key.tsx';

type Part = keyof typeof texts.tabs;
const ofAll: readonly Part[] = ['appearance', 'password', 'about'];
const ofAdmins: readonly Part[] = ['general', 'sign-in', 'directory', 'api', ...ofAll];

/** What concerns everybody is the administrators'; what concerns oneself, everybody's. */
export default function Settings({ params }: ScreenProps) {
  const admin = useMay('admin');
  const parts = admin ? ofAdmins : ofAll;
  const part = parts.find((id) => id === params.part) ?? (parts[0] as Part);
  return (
    <>
      <PageHeader title={screenTexts.settings} />
      <TabLinks
        label={texts.parts}
        tabs={parts.map((id) => ({ href: hrefOf(`/settings/${id}`), text: texts.tabs[id], current: id === part }))}
      />
      {admin ? <RestartNotice /> : null}
      <div className={classes.part} key={part}>
        <Shown part={part} />
      </div>
    </>
  );
}

function Shown({ part }: { part: Part }) {
  switch (part) {
    case 'appearance':
      return <AppearancePart />;
    case 'password':
      return <PasswordPart />;
    case 'about':
      return <AboutPart />;
    case 'directory':
      return <DirectoryPart />;
    case 'api':
      return (
        <>
          <p className={classes.lead}>{apiTexts.serve}</p>
          <SettingGroups part="api">
            <SigningKey />
          </SettingGroups>
        </>
      );
    default:
      return <SettingGroups part={part} />;
  }
}
