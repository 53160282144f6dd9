// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/passkey/passkeydialog.h"

#include "widgets/theme.h"

#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

namespace app {

using widgets::theme;
using widgets::Theme;

PasskeyDialog::PasskeyDialog(QWidget* parent)
    : QDialog(parent)
    , m_lengths(new QLineEdit(this))
    , m_depths(new QLineEdit(this))
    , m_samples(new QSpinBox(this))
    , m_seed(new QSpinBox(this))
    , m_price(new QLabel(this))
{
    setWindowTitle(tr("Passkey"));
    setObjectName(QStringLiteral("passkeyDialog"));
    auto* what = new QLabel(tr("A number is hidden in filler, at each depth of each length, and the model is asked for "
                               "it: with its memory, and with the memory knocked out."),
                            this);
    for (QLabel* label : {what, m_price}) {
        label->setWordWrap(true);
        label->setMinimumWidth(theme().px(380));
    }
    m_samples->setRange(1, 100);
    m_seed->setRange(0, 1 << 30);
    auto* form = new QFormLayout;
    const auto add = [&](const QString& name, const char* id, QWidget* field) {
        field->setAccessibleName(name);
        field->setObjectName(QString::fromLatin1(id));
        form->addRow(name, field);
    };
    add(tr("Lengths, tokens"), "lengths", m_lengths);
    add(tr("Depths, %"), "depths", m_depths);
    add(tr("Keys per cell"), "samples", m_samples);
    add(tr("Seed"), "seed", m_seed);
    m_lengths->setToolTip(tr("n, n,n,…, first:last:x2 or first:last:+64"));
    m_depths->setToolTip(tr("0: the key stands in front of the filler; 100: at its end"));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    m_run = buttons->addButton(tr("Ask"), QDialogButtonBox::AcceptRole);
    m_run->setDefault(true);
    auto* column = new QVBoxLayout(this);
    column->setSpacing(theme().px(Theme::gap4));
    column->addWidget(what);
    column->addLayout(form);
    column->addWidget(m_price);
    column->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_lengths, &QLineEdit::textEdited, this, &PasskeyDialog::formChanged);
    connect(m_depths, &QLineEdit::textEdited, this, &PasskeyDialog::formChanged);
    connect(m_samples, &QSpinBox::valueChanged, this, &PasskeyDialog::formChanged);
    connect(m_seed, &QSpinBox::valueChanged, this, &PasskeyDialog::formChanged);
}

void PasskeyDialog::setForm(const PasskeyForm& form)
{
    m_lengths->setText(form.lengths);
    m_depths->setText(form.depths);
    m_samples->setValue(form.samples);
    m_seed->setValue(form.seed);
}

PasskeyForm PasskeyDialog::form() const
{
    return {m_lengths->text(), m_depths->text(), m_samples->value(), m_seed->value()};
}

void PasskeyDialog::setPrice(const QString& price, bool refused)
{
    m_price->setText(price);
    m_run->setEnabled(!refused);
}

} // namespace app
