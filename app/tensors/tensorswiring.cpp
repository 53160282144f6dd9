// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/tensors/tensorswiring.h"

#include "app/panels/heading.h"
#include "app/tensors/tensorspanel.h"
#include "engine/files/tensors.h"
#include "engine/model/model.h"
#include "widgets/histogramstrip.h"
#include "widgets/iconbutton.h"
#include "widgets/studyview.h"
#include "widgets/tensortree.h"

#include <QFileDialog>
#include <QVBoxLayout>

namespace app {

namespace {

const QString tabId = QStringLiteral("tensor");

} // namespace

TensorsWiring::TensorsWiring(Document& document, Lanes& lanes, MainWindow& window)
    : m_document(document)
    , m_window(window)
    , m_work(document, lanes)
    , m_panel(new TensorsPanel(&window))
{
    window.addLeftSection(QStringLiteral("tensors"), tr("Tensors"), m_panel, 1);
    auto* page = new QWidget(&window);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_heading = new Heading(tr("Tensor"), 40, page);
    auto* save = new widgets::IconButton(widgets::Symbol::Export, tr("Export as .npy…"), m_heading);
    m_heading->addTool(save);
    m_view = new widgets::StudyView(page);
    column->addWidget(m_heading);
    column->addWidget(m_view, 1);
    m_view->setCompact(window.isCompact());
    connect(&window, &MainWindow::compactChanged, m_view, &widgets::StudyView::setCompact);
    window.addPage(tr("Tensor"), tabId, page);
    window.setPageVisible(tabId, false);

    connect(&document, &Document::modelChanged, &m_work, &TensorWork::forget);
    connect(&document, &Document::modelChanged, this, &TensorsWiring::showEntries);
    connect(&document, &Document::modelChanged, this, &TensorsWiring::follow);
    connect(&document, &Document::layoutChanged, this, &TensorsWiring::follow);
    connect(&m_panel->tree(), &widgets::TensorTree::chosen, this, &TensorsWiring::choose);
    connect(&m_panel->tree(), &widgets::TensorTree::opened, this, &TensorsWiring::open);
    connect(&m_work, &TensorWork::changed, this, &TensorsWiring::showLook);
    connect(save, &widgets::IconButton::clicked, this, &TensorsWiring::askWhere);
}

void TensorsWiring::showEntries()
{
    if (const auto& model = m_document.model())
        m_panel->tree().setEntries(engine::tensorEntries(model->checkpoint()));
}

void TensorsWiring::showLook()
{
    const auto& look = m_work.look();
    const QString name = m_work.chosen();
    m_panel->tree().setCurrent(name);
    m_panel->histogram().setTensor(name, look ? std::optional(look->stats) : std::nullopt);
    if (name.isEmpty())
        m_window.setPageVisible(tabId, false);
    if (!look)
        return; // the old page stays until the new one is there
    m_heading->setWords(name);
    m_view->setStudy(look->study, {});
}

void TensorsWiring::choose(const QString& name)
{
    ViewLayout layout = m_document.state().layout;
    layout.tensor = name.toStdString();
    m_document.setLayout(layout);
}

void TensorsWiring::open(const QString& name)
{
    ViewLayout layout = m_document.state().layout;
    layout.tensor = name.toStdString();
    layout.tab = tabId.toStdString();
    m_document.setLayout(layout);
}

// What the document says is looked at: chosen, undone, or of a session whose model has just been read.
void TensorsWiring::follow()
{
    const ViewLayout& layout = m_document.state().layout;
    if (layout.tensor.empty() && !m_work.chosen().isEmpty())
        m_work.forget();
    m_work.choose(QString::fromStdString(layout.tensor));
    if (layout.tab != tabId.toStdString() || m_work.chosen().isEmpty())
        return;
    m_window.setPageVisible(tabId, true);
    m_window.setTab(tabId);
}

void TensorsWiring::askWhere()
{
    if (m_work.chosen().isEmpty())
        return;
    auto* dialog = new QFileDialog(&m_window, tr("Export %1").arg(m_work.chosen()), m_work.chosen() + ".npy",
                                   tr("NumPy array (*.npy)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix("npy");
    connect(dialog, &QFileDialog::fileSelected, this,
            [this](const QString& path) { m_work.exportNpy(path.toStdString()); });
    dialog->open();
}

} // namespace app
