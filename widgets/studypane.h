// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/studybody.h"

namespace widgets {

// One panel of a study: title, words and value (what the pointer is over takes the value's place, so that nothing
// covers data), the legend, the body and a note.
class StudyPane : public View
{
    Q_OBJECT

public:
    explicit StudyPane(QWidget* parent);

    void setPanel(const engine::Panel& panel, const StudyNames& names);

    const engine::Panel& panel() const { return m_panel; }

    StudyBody& body() { return *m_body; }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    int heightAt(int width) const; // in a dock
    int leastHeight(int width) const;

signals:
    void picked(const std::vector<widgets::StudyPick>& picks);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void themeChanged() override;

private:
    void place();
    bool secondLine(int width) const; // the title row has no room for value and legend: these go below it
    double titleWidth() const;
    double noteHeight(int width) const;
    double above(int width) const;
    double below(int width) const;

    engine::Panel m_panel;
    StudyBody* m_body = nullptr;
};

} // namespace widgets
