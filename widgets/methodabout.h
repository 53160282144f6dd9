// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTextBrowser>

namespace widgets {

// What a method is, from its about.md. Loads nothing from outside; a link is reported, not followed.
class MethodAbout : public QTextBrowser
{
    Q_OBJECT

public:
    explicit MethodAbout(QWidget* parent = nullptr);

    void setAbout(const QString& markdown);

protected:
    QVariant loadResource(int type, const QUrl& name) override;

private:
    QString m_markdown;
};

} // namespace widgets
