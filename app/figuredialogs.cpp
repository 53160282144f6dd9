// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/figuredialogs.h"

#include "widgets/pictureview.h"

#include <QClipboard>
#include <QDialogButtonBox>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QJsonDocument>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>

namespace app {

using widgets::theme;
using widgets::Theme;

namespace {

QVBoxLayout* columnOf(QDialog& dialog)
{
    auto* column = new QVBoxLayout(&dialog);
    const int margin = theme().px(Theme::gap4);
    column->setContentsMargins(margin, margin, margin, margin);
    column->setSpacing(theme().px(Theme::gap3));
    return column;
}

widgets::Sentence* sentenceIn(QDialog& dialog, std::vector<widgets::Run> runs)
{
    auto* sentence = new widgets::Sentence(&dialog);
    sentence->setSmall(true);
    sentence->setRuns(std::move(runs));
    return sentence;
}

// A record without one can only be of an earlier version.
widgets::PictureView* pictureOf(QDialog& dialog, const FigureRecord& record, const QString& title)
{
    auto* view = new widgets::PictureView(title, &dialog);
    view->setPicture(record.picture,
                     FigureOffer::tr("This PDF was written without a picture of its page; open its view to see it."));
    return view;
}

// "before.png differs from the window in layer 1, now 2."
std::vector<widgets::Run> offerOf(const FigureRecord& record, const QStringList& changes)
{
    if (changes.isEmpty())
        return {{record.name, true}, {FigureOffer::tr(" was made with what the window shows."), false}};
    return {{record.name, true},
            {FigureOffer::tr(" differs from the window in "), false},
            {changes.join(QStringLiteral("; ")), true},
            {QStringLiteral("."), false}};
}

std::vector<widgets::Run> originOf(const FigureRecord& record)
{
    const QJsonObject app = record.provenance["app"].toObject(), model = record.provenance["checkpoint"].toObject();
    std::vector<widgets::Run> runs{
        {record.name, true},
        {ProvenanceDialog::tr(" was written on "), false},
        {record.written(), true},
        {ProvenanceDialog::tr(" by %1 %2, commit %3")
             .arg(app["name"].toString(), app["version"].toString(), app["commit"].toString()),
         false}};
    if (!model.isEmpty()) {
        runs.push_back({ProvenanceDialog::tr(", from "), false});
        runs.push_back({model["name"].toString(), true});
    }
    if (const QString device = record.provenance["device"]["name"].toString(); !device.isEmpty())
        runs.push_back({ProvenanceDialog::tr(" on %1").arg(device), false});
    runs.push_back({QStringLiteral("."), false});
    return runs;
}

} // namespace

FigureOffer::FigureOffer(const FigureRecord& record, const QStringList& changes, QWidget* parent)
    : QDialog(parent)
{
    setWindowTitle(record.name);
    setObjectName(QStringLiteral("figureOffer"));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    QPushButton* open = buttons->addButton(tr("Open its view"), QDialogButtonBox::AcceptRole);
    open->setDefault(true);
    QPushButton* compare = buttons->addButton(tr("Compare with now"), QDialogButtonBox::ActionRole);
    QPushButton* provenance = buttons->addButton(tr("Show provenance"), QDialogButtonBox::ActionRole);
    QVBoxLayout* column = columnOf(*this);
    column->addWidget(sentenceIn(*this, offerOf(record, changes)));
    column->addWidget(pictureOf(*this, record, tr("Written %1").arg(record.written())), 1);
    column->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, [this] {
        accept();
        emit viewAsked();
    });
    connect(compare, &QPushButton::clicked, this, [this] {
        accept();
        emit compareAsked();
    });
    connect(provenance, &QPushButton::clicked, this, &FigureOffer::provenanceAsked);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    resize(theme().px(680), theme().px(600));
}

ComparisonDialog::ComparisonDialog(const FigureComparison& comparison, QWidget* parent)
    : QDialog(parent)
{
    setWindowTitle(tr("%1 and now").arg(comparison.then.name));
    auto* then = pictureOf(*this, comparison.then, tr("Then, %1").arg(comparison.then.written()));
    auto* now = new widgets::PictureView(tr("Now"), this);
    now->setPicture(comparison.picture, comparison.missing);
    auto* facts = new widgets::FactsView(this);
    facts->setFacts(numbersOf(comparison));
    auto* scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setWidget(facts);
    scroll->setMinimumHeight(std::min(facts->sizeHint().height(), theme().px(200)));
    auto* pictures = new QHBoxLayout;
    pictures->setSpacing(theme().px(Theme::gap4));
    pictures->addWidget(then, 1);
    pictures->addWidget(now, 1);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    buttons->button(QDialogButtonBox::Close)->setDefault(true);
    QPushButton* open = buttons->addButton(tr("Open its view"), QDialogButtonBox::ActionRole);
    QPushButton* provenance = buttons->addButton(tr("Show provenance"), QDialogButtonBox::ActionRole);
    QVBoxLayout* column = columnOf(*this);
    column->addWidget(sentenceIn(*this, sentenceOf(comparison)));
    column->addLayout(pictures, 1);
    column->addWidget(scroll);
    column->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(open, &QPushButton::clicked, this, [this] {
        accept();
        emit viewAsked();
    });
    connect(provenance, &QPushButton::clicked, this, &ComparisonDialog::provenanceAsked);
    resize(theme().px(1080), theme().px(720));
}

ProvenanceDialog::ProvenanceDialog(const FigureRecord& record, QWidget* parent)
    : QDialog(parent)
{
    setWindowTitle(tr("Provenance of %1").arg(record.name));
    auto* text = new QPlainTextEdit(QString::fromUtf8(QJsonDocument(record.provenance).toJson()), this);
    text->setReadOnly(true);
    text->setFont(theme().codeFont());
    text->setAccessibleName(windowTitle());
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    buttons->button(QDialogButtonBox::Close)->setDefault(true);
    QPushButton* copy = buttons->addButton(tr("Copy"), QDialogButtonBox::ActionRole);
    QVBoxLayout* column = columnOf(*this);
    column->addWidget(sentenceIn(*this, originOf(record)));
    column->addWidget(text, 1);
    column->addWidget(buttons);
    connect(copy, &QPushButton::clicked, text, [text] { QGuiApplication::clipboard()->setText(text->toPlainText()); });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    resize(theme().px(640), theme().px(560));
}

} // namespace app
