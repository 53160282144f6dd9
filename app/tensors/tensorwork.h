// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lanes.h"
#include "engine/values/study.h"
#include "engine/values/tensorstats.h"

#include <QObject>

#include <filesystem>
#include <memory>
#include <optional>

namespace app {

// What is known of one tensor of the open checkpoint.
struct TensorLook
{
    engine::TensorEntry entry;
    engine::TensorStats stats;
    engine::Study study; // its page
};

// Reads a tensor's numbers once or twice. Throws Error{Request} where the checkpoint has none of this name.
TensorLook lookAtTensor(const engine::Checkpoint& checkpoint, const std::string& name, engine::Job& job);

// Reads a tensor's numbers on a worker of its own: statistics and picture of the chosen one, or all of them into a
// file. Lives on the GUI thread.
class TensorWork : public QObject
{
    Q_OBJECT

public:
    TensorWork(Document& document, Lanes& lanes);
    ~TensorWork() override;

    const QString& chosen() const { return m_chosen; } // name; empty: none

    // Of the chosen tensor; null until it is read.
    const std::shared_ptr<const TensorLook>& look() const { return m_look; }

    void choose(const QString& name);
    // The chosen tensor as .npy, of its own shape, in float32.
    void exportNpy(const std::filesystem::path& path);

public slots:
    void forget(); // another checkpoint

signals:
    void changed();
    void exported(QString path);

private:
    Document& m_document;
    Lanes& m_lanes;
    QString m_chosen;
    std::shared_ptr<const TensorLook> m_look;
    TaskWorker m_worker;
};

} // namespace app
