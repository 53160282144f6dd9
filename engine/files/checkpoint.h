// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/files/bytes.h"
#include "engine/files/vocabulary.h"
#include "engine/jobs/job.h"
#include "engine/values/modelconfig.h"
#include "engine/values/plan.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

enum class ElementType
{
    F32,
    F16,
    BF16,
    Q8Groups
}; // Q8Groups: llama2.c v2, int8 values then float scales per group

// A tensor in a file. Its bytes were checked to lie inside the file and to be as many as its shape says.
struct TensorRef
{
    ElementType type = ElementType::F32;
    std::vector<std::size_t> shape;   // row-major
    ByteRange bytes;                  // of the file: the values
    ByteRange scales;                 // Q8Groups only: float32, one per group
    std::size_t group = 0;            // Q8Groups only
    std::shared_ptr<const File> file; // open for as long as the numbers may be asked for
    std::string name;                 // as the file calls it, for messages

    std::size_t count() const; // product of the shape
};

// Reads elements from `first` on, widened to float. Throws Error{File} if the file has become shorter.
void widen(const TensorRef& tensor, std::size_t first, std::span<float> to);

// Knobs of a layer's two methods in config.json, as written: methods know how to read them.
struct NativeKnobs
{
    std::map<std::string, std::string, std::less<>> attention, linear;
};

// What any checkpoint format yields. Tensors have canonical names: "embedding" [vocabulary, width], "final_norm",
// "classifier" (absent when tied), "layer.3.query|key|value|output|gate|up|down" [out, in], "layer.3.attention_norm",
// "layer.3.feed_forward_norm", "layer.3.inner_norm", "layer.3.inner_norm_bias" (FeedForwardKind::Memory); a method's
// trained parameters "layer.3.<parameter>" (temperature, gate, query.tables, …).
struct Checkpoint
{
    std::string name; // of the folder or file, for titles
    std::filesystem::path path;
    std::string format; // "safetensors", "llama2.c v0"
    ModelConfig config;
    std::map<std::string, TensorRef, std::less<>> tensors;
    std::optional<Vocabulary> vocabulary;
    std::string tokenizerFile; // which file the vocabulary came from; empty if none
    SessionPlan native;        // what config.json's "subquad" block asks for (architecture.md §13.4)
    std::map<LayerIndex, NativeKnobs> nativeKnobs;
    bool hasNative = false;
    std::string calibration;          // SHA-256 of the text that native parameters were fitted on, hex; empty: trained
    std::vector<std::string> assumed; // sentences: what was not in the files and was assumed
    std::vector<std::string> missing; // sentences: what is absent and what that prevents
    std::vector<std::string> ignored; // files and tensors found and not used, with the reason
    std::vector<std::string> files;   // what was read
};

// Reads a file or a folder; `tokenizer` overrides the search for one. Throws Error{File|Format|Shape} with one
// sentence: what, where in which file, what was expected.
Checkpoint readCheckpoint(const std::filesystem::path& path, Job& job, const std::filesystem::path& tokenizer = {});

// The files of one opening: a single file, or a folder's files by name.
struct FileSet
{
    std::filesystem::path path;      // as given
    std::filesystem::path main;      // the file a format recognised
    std::filesystem::path tokenizer; // as given, may be empty
};

// One row per file in formats/, listed by the build.
struct Format
{
    std::string_view name;
    // Whether this format reads `main`, by its name and its first bytes (up to 4 KiB).
    bool (*accepts)(const std::filesystem::path& main, std::span<const std::byte> head) = nullptr;
    Checkpoint (*read)(const FileSet&, Job&) = nullptr;
};

std::span<const Format* const> formats(); // generated (.cmake/registry.cmake)

// SHA-256 of the weights file(s), hex; long for large files, so it takes a Job.
std::string sha256(const std::filesystem::path& path, Job& job);
std::string sha256(std::span<const std::byte> bytes, Job& job);

} // namespace engine
