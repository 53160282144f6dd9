// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace app {

// What is asked for, as texts: they are parsed by whoever runs it.
struct PasskeyForm
{
    QString lengths, depths;
    int samples = 1;
    int seed = 1;

    bool operator==(const PasskeyForm&) const = default;
};

// Asks what to put to the test, and says what it costs before anything runs.
class PasskeyDialog : public QDialog
{
    Q_OBJECT

public:
    explicit PasskeyDialog(QWidget* parent = nullptr);

    void setForm(const PasskeyForm& form);
    PasskeyForm form() const;
    void setPrice(const QString& price, bool refused); // refused: why it cannot run

signals:
    void formChanged();

private:
    QLineEdit* m_lengths;
    QLineEdit* m_depths;
    QSpinBox* m_samples;
    QSpinBox* m_seed;
    QLabel* m_price;
    QPushButton* m_run;
};

} // namespace app
