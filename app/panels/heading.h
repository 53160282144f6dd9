// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

class QHBoxLayout;

namespace app {

// The title row of a dock section (36 high) or of a view (40): title, words, what stands at the right.
class Heading : public widgets::View
{
    Q_OBJECT

public:
    explicit Heading(const QString& title, double height = 36, QWidget* parent = nullptr);

    void setWords(const QString& words); // after the title
    void setNote(const QString& note);   // at the right, before the tools
    void addTool(QWidget* tool);
    void addLastTool(QWidget* tool); // stays the last, whatever is added later
    void removeTool(QWidget* tool);  // it stays a child until it stands elsewhere

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

    bool hasHeightForWidth() const override { return false; } // whatever its tools have

protected:
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;

private:
    QString m_title, m_words, m_note;
    double m_height;
    QHBoxLayout* m_tools;
    QWidget* m_last = nullptr;
};

} // namespace app
