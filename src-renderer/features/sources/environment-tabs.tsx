import { hrefOf } from '../../go.ts';
import { screenTexts } from '../../texts/screens.ts';
import { sourcesTexts } from '../../texts/sources.ts';
import { TabLinks } from '../../ui/page-header.tsx';

export function EnvironmentTabs({ current }: { current: 'sources' | 'targets' }) {
  return (
    <TabLinks
      label={sourcesTexts.tabs}
      tabs={[
        { href: hrefOf('/sources'), text: screenTexts.sources, current: current === 'sources' },
        { href: hrefOf('/targets'), text: screenTexts.targets, current: current === 'targets' },
      ]}
    />
  );
}
