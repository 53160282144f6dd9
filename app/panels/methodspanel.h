// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/panels/layerlist.h"
#include "engine/values/knob.h"
#include "engine/values/plan.h"

#include <QStringList>

class QComboBox;
class QLabel;
class QPushButton;
class QVBoxLayout;

namespace widgets {
class KnobForm;
}

namespace app {

class Heading;

// What the form shows: a method of the list and how it is set.
struct MethodForm
{
    int method = 0; // place in the list of methods
    std::vector<engine::Knob> knobs;
    engine::KnobValues values;
    // Knobs that may differ from head to head, and what they are in the picked one; empty: none.
    std::vector<engine::Knob> headKnobs;
    engine::KnobValues headValues;
    QString head; // "layer 1, head 3 alone"
    QString idea; // one sentence under the form
    QString why;  // which form runs, and the reason
};

// The compared lane layer by layer, and the form of the chosen row, built from the method's own description.
class MethodsPanel : public widgets::View
{
    Q_OBJECT

public:
    explicit MethodsPanel(QWidget* parent = nullptr);

    void setMethods(const std::vector<widgets::Identity>& methods);
    void setRows(const std::vector<LayerRow>& rows);
    void setForm(const MethodForm& form);

    // 0: all layers; else the layer, from 1.
    int current() const { return m_list->current(); }

signals:
    void rowChosen(int row);
    void methodChosen(int method);
    void knobsChanged(engine::KnobValues values);
    void headKnobsChanged(engine::KnobValues values);
    void aboutAsked();

protected:
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;

private:
    Heading* m_heading;
    LayerList* m_list;
    QComboBox* m_method;
    widgets::KnobForm* m_form;
    QLabel* m_head;
    widgets::KnobForm* m_headForm;
    QLabel* m_idea;
    QLabel* m_why;
    QPushButton* m_about;
    QVBoxLayout* m_inner = nullptr;
    std::vector<widgets::Identity> m_methods;
};

} // namespace app
