// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/methodinfo.h"

#include <QDialog>

#include <string>
#include <vector>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace widgets {
class KnobForm;
} // namespace widgets

namespace app {

// What is asked for; texts are parsed by whoever runs it.
struct ConvertForm
{
    std::string method;
    engine::KnobValues knobs;
    QString layers, text, folder;

    bool operator==(const ConvertForm&) const = default;
};

// Asks which layers a method is to be fitted to, on which text, and where the result goes; says what it takes before
// anything runs.
class ConvertDialog : public QDialog
{
    Q_OBJECT

public:
    // The methods that can convert: at least one, alive as long as the program.
    explicit ConvertDialog(std::vector<const engine::MethodInfo*> methods, QWidget* parent = nullptr);

    void setForm(const ConvertForm& form);
    ConvertForm form() const;
    void setPrice(const QString& price, bool refused); // refused: why it cannot run, or that it is not known yet

signals:
    void formChanged();

private:
    QWidget* makeWhat();
    QWidget* makeWhere();
    QWidget* makePath(QLineEdit& field, const QString& title, bool folder);
    void showKnobs(const engine::KnobValues& values);

    std::vector<const engine::MethodInfo*> m_methods;
    QComboBox* m_method;
    widgets::KnobForm* m_knobs;
    QLineEdit* m_layers;
    QLineEdit* m_text;
    QLineEdit* m_folder;
    QLabel* m_price;
    QPushButton* m_run = nullptr;
};

} // namespace app
