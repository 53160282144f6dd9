// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

class QHBoxLayout;
class QVBoxLayout;

namespace widgets {
class EmptyPanel;
class StudyControls;
class StudyView;
} // namespace widgets

namespace app {

class Heading;

// A tab that a method shows of itself: title, words and controls above its study.
class StudyPanel : public widgets::View
{
    Q_OBJECT

signals:
    void exportAsked(); // of a figure

public:
    explicit StudyPanel(const QString& title, QWidget* parent = nullptr);

    Heading& heading() { return *m_heading; }

    widgets::StudyControls& controls() { return *m_controls; }

    widgets::StudyView& study() { return *m_study; }

    void addTool(QWidget* tool); // at the right end of the heading

    void setReady(); // there is a study: it stands where a sentence stood

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void themeChanged() override;

private:
    void placeControls();

    Heading* m_heading;
    QVBoxLayout* m_column;
    QHBoxLayout* m_below; // the heading: where the controls do not fit into it
    bool m_inHeading = true;
    int m_tools = 0; // width of those at the right end
    int m_apart = 0; // the controls from a tool before them, in the heading
    widgets::StudyControls* m_controls;
    widgets::StudyView* m_study;
    widgets::EmptyPanel* m_empty;
};

} // namespace app
