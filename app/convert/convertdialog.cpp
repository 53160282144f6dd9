// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/convert/convertdialog.h"

#include "widgets/knobform.h"
#include "widgets/theme.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

namespace app {

using widgets::theme;
using widgets::Theme;

ConvertDialog::ConvertDialog(std::vector<const engine::MethodInfo*> methods, QWidget* parent)
    : QDialog(parent)
    , m_methods(std::move(methods))
    , m_method(new QComboBox(this))
    , m_knobs(new widgets::KnobForm(this))
    , m_layers(new QLineEdit(this))
    , m_text(new QLineEdit(this))
    , m_folder(new QLineEdit(this))
    , m_price(new QLabel(this))
{
    setWindowTitle(tr("Convert the checkpoint"));
    setObjectName(QStringLiteral("convertDialog"));
    auto* what =
        new QLabel(tr("Fits the method's parameters to layers of this checkpoint on a text, and saves both as a "
                      "checkpoint of its own. The text's end is held out to tell how well they fit."),
                   this);
    what->setWordWrap(true);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    m_run = buttons->addButton(tr("Convert"), QDialogButtonBox::AcceptRole);
    m_run->setDefault(true);
    auto* sides = new QHBoxLayout;
    sides->setSpacing(theme().px(Theme::gap5));
    sides->addWidget(makeWhat(), 1);
    sides->addWidget(makeWhere(), 1);
    auto* column = new QVBoxLayout(this);
    column->setSpacing(theme().px(Theme::gap4));
    column->addWidget(what);
    column->addLayout(sides, 1);
    column->addWidget(buttons);
    resize(theme().px(860), theme().px(640)); // every knob at once
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_method, &QComboBox::activated, this, [this] {
        showKnobs({});
        emit formChanged();
    });
    connect(m_knobs, &widgets::KnobForm::changed, this, &ConvertDialog::formChanged);
    for (QLineEdit* field : {m_layers, m_text, m_folder})
        connect(field, &QLineEdit::textChanged, this, &ConvertDialog::formChanged);
}

// Left: the method and its knobs, which may be more than a screen holds.
QWidget* ConvertDialog::makeWhat()
{
    for (const engine::MethodInfo* method : m_methods)
        m_method->addItem(QString::fromUtf8(method->title.data(), qsizetype(method->title.size())));
    m_method->setAccessibleName(tr("Method"));
    m_method->setObjectName(QStringLiteral("method"));
    auto* scroll = new QScrollArea(this);
    scroll->setWidget(m_knobs);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* side = new QWidget(this);
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_method);
    column->addWidget(scroll, 1);
    return side;
}

// Right: layers, files, and what it takes.
QWidget* ConvertDialog::makeWhere()
{
    auto* side = new QWidget(this);
    auto* form = new QFormLayout;
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->setRowWrapPolicy(QFormLayout::WrapAllRows);
    m_layers->setObjectName(QStringLiteral("layers"));
    m_layers->setAccessibleName(tr("Layers"));
    m_layers->setToolTip(tr("all, or layers counted from 0 with commas between"));
    m_text->setObjectName(QStringLiteral("text"));
    m_folder->setObjectName(QStringLiteral("folder"));
    form->addRow(tr("Layers"), m_layers);
    form->addRow(tr("Calibration text"), makePath(*m_text, tr("Calibration text"), false));
    form->addRow(tr("New folder for the result"), makePath(*m_folder, tr("New folder for the result"), true));
    m_price->setWordWrap(true);
    m_price->setObjectName(QStringLiteral("price"));
    m_price->setAlignment(Qt::AlignTop);
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins(0, 0, 0, 0);
    column->addLayout(form);
    column->addWidget(m_price, 1);
    return side;
}

QWidget* ConvertDialog::makePath(QLineEdit& field, const QString& title, bool folder)
{
    field.setAccessibleName(title);
    auto* choose = new QPushButton(tr("Choose…"), this);
    choose->setAutoDefault(false);
    choose->setAccessibleName(tr("Choose: %1").arg(title));
    auto* line = new QWidget(this);
    auto* row = new QHBoxLayout(line);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(&field, 1);
    row->addWidget(choose);
    connect(choose, &QPushButton::clicked, this, [this, &field, title, folder] {
        auto* dialog = new QFileDialog(this, title);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->setFileMode(folder ? QFileDialog::Directory : QFileDialog::ExistingFile);
        connect(dialog, &QFileDialog::fileSelected, &field, &QLineEdit::setText);
        dialog->open();
    });
    return line;
}

void ConvertDialog::showKnobs(const engine::KnobValues& values)
{
    m_knobs->setKnobs(m_methods[std::size_t(std::max(m_method->currentIndex(), 0))]->knobs, values);
}

void ConvertDialog::setForm(const ConvertForm& form)
{
    const auto found = std::ranges::find(m_methods, std::string_view(form.method), &engine::MethodInfo::id);
    m_method->setCurrentIndex(found == m_methods.end() ? 0 : int(found - m_methods.begin()));
    showKnobs(form.knobs);
    m_layers->setText(form.layers);
    m_text->setText(form.text);
    m_folder->setText(form.folder);
}

ConvertForm ConvertDialog::form() const
{
    const engine::MethodInfo& method = *m_methods[std::size_t(std::max(m_method->currentIndex(), 0))];
    ConvertForm form{
        std::string(method.id), {}, m_layers->text(), m_text->text().trimmed(), m_folder->text().trimmed()};
    for (const engine::Knob& knob : method.knobs) {
        const engine::KnobValue& value = m_knobs->values().at(std::string(knob.id));
        if (value != engine::presetOf(knob))
            form.knobs[std::string(knob.id)] = value;
    }
    return form;
}

void ConvertDialog::setPrice(const QString& price, bool refused)
{
    m_price->setText(price);
    m_run->setEnabled(!refused);
}

} // namespace app
