// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/studypanels.h"

class QHBoxLayout;
class QVBoxLayout;

namespace widgets {

class ColumnScroll;
class MessageBar;
class Sentence;

// A study from its notices to its panels: messages, the sentence with its second line, panels in rows. Knows no
// method: colours and names come with the study. What needs more than there is scrolls, all of it.
class StudyView : public View
{
    Q_OBJECT

public:
    explicit StudyView(QWidget* parent = nullptr);

    void setStudy(const engine::Study& study, const StudyNames& names);
    void setCompact(bool compact); // below 1500 px: one line of 16 px, smaller gaps

    Sentence& sentence() { return *m_sentence; }

    StudyPanels& panels() { return *m_panels; }

    const std::vector<MessageBar*>& notices() const { return m_notices; } // those that are shown

signals:
    void picked(const std::vector<widgets::StudyPick>& picks);

protected:
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;

private:
    void showNotices(const std::vector<engine::Notice>& notices);

    QWidget* m_body;
    Sentence* m_sentence;
    StudyPanels* m_panels;
    ColumnScroll* m_scroll;
    QVBoxLayout* m_column; // what scrolls
    QHBoxLayout* m_inset;
    std::vector<MessageBar*> m_notices;
    std::vector<std::string> m_closed; // notices that the reader has closed
    bool m_compact = false;
};

} // namespace widgets
