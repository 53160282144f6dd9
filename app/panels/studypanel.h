// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

namespace widgets {
class StudyControls;
class StudyView;
} // namespace widgets

namespace app {

class Heading;

// A tab that a method shows of itself: title, words and controls above its study.
class StudyPanel : public widgets::View
{
    Q_OBJECT

public:
    explicit StudyPanel(const QString& title, QWidget* parent = nullptr);

    Heading& heading() { return *m_heading; }

    widgets::StudyControls& controls() { return *m_controls; }

    widgets::StudyView& study() { return *m_study; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void themeChanged() override;

private:
    Heading* m_heading;
    widgets::StudyControls* m_controls;
    widgets::StudyView* m_study;
};

} // namespace app
