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
    int usedWidth(QSize room) const; // how much of it the body and the title's row have use for

signals:
    void picked(const std::vector<widgets::StudyPick>& picks);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void themeChanged() override;

private:
    void place();
    // What the title's row has no room for stands in rows below it.
    bool valueBelow(int width) const;
    std::vector<std::vector<LegendKey>> legendBelow(int width) const;
    double titleWidth() const;
    double noteHeight(int width) const;
    double above(int width) const;
    double below(int width) const;

    engine::Panel m_panel;
    StudyBody* m_body = nullptr;
};

} // namespace widgets
