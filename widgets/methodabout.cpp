// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/methodabout.h"

#include "widgets/theme.h"

#include <QScrollBar>

namespace widgets {

MethodAbout::MethodAbout(QWidget* parent)
    : QTextBrowser(parent)
{
    setFrameShape(QFrame::NoFrame);
    setOpenLinks(false);
    // Markdown takes colours and sizes over when it is read, so a new theme reads it again.
    connect(&ThemeSource::instance(), &ThemeSource::changed, this, [this] {
        const int at = verticalScrollBar()->value();
        setAbout(m_markdown);
        verticalScrollBar()->setValue(at);
    });
}

void MethodAbout::setAbout(const QString& markdown)
{
    m_markdown = markdown;
    document()->setDefaultFont(theme().font());
    document()->setDocumentMargin(theme().px(Theme::gap4));
    setMarkdown(markdown);
}

QVariant MethodAbout::loadResource(int /*type*/, const QUrl& /*name*/)
{
    return {};
}

} // namespace widgets
