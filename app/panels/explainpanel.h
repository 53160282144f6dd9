// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/studytext.h"
#include "widgets/theme.h"

#include <vector>

class QLabel;
class QVBoxLayout;

namespace widgets {
class ColumnScroll;
class EmptyPanel;
class DerivationView;
class StudyPanels;
} // namespace widgets

namespace app {

// What the Explain dock says of the method in words.
struct MethodWords
{
    QString title, idea, note, cost, deviations, paper;

    bool operator==(const MethodWords&) const = default;
};

// The right dock: which weight is picked, how it comes about in the exact method and in the other, what the current tab
// has to say beside it, and the method in words.
class ExplainPanel : public widgets::View
{
    Q_OBJECT

public:
    explicit ExplainPanel(QWidget* parent = nullptr);

    // 'bird' looks at 'upon a tim'; below it where that is. `pinned`: the reader picked it.
    void setPlace(const QString& what, const QString& where, bool pinned);
    void setPlaceShown(bool shown); // while there is no cell yet
    void setWords(const MethodWords& words);
    void setModelShown(bool shown); // without a model there is no weight to explain

    widgets::DerivationView& derivation() { return *m_derivation; }

    widgets::StudyPanels& cell() { return *m_cell; } // around the weight

    widgets::StudyPanels& tab() { return *m_tab; } // of the tab in front

    QString text() const; // the method's words as they are shown

signals:
    void foldAsked();
    void aboutAsked();

protected:
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;

private:
    class Place;

    QLabel* addText(const QString& title);

    MethodWords m_words;
    Place* m_place;
    widgets::DerivationView* m_derivation;
    widgets::StudyPanels* m_cell;
    widgets::StudyPanels* m_tab;
    widgets::ColumnScroll* m_scroll;
    widgets::EmptyPanel* m_empty;
    QVBoxLayout* m_column = nullptr;
    std::vector<QLabel*> m_titles;
    QLabel* m_note;
    QLabel* m_method;
    QLabel* m_cost;
    QLabel* m_deviations;
    QLabel* m_paper;
};

} // namespace app
