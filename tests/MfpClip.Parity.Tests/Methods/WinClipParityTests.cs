using System.Text.Json;
using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Data.Procedural;
using MfpClip.Data.Procedural.Noise;
using MfpClip.Detection;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Kernels;
using MfpClip.Methods.WinClip;
using MfpClip.Text;

namespace MfpClip.Parity.Tests.Methods;

/// <summary>WinCLIP and WinCLIP+ against anomalib: every tensor that the manifest lists.</summary>
public class WinClipParityTests
{
    private const string Family = "winclip";

    [SkippableFact]
    public void Every_listed_tensor_agrees()
    {
        string folder = Goldens.Family(Family);
        var manifest = Goldens.Manifest(Family);
        var hyper = manifest.GetProperty("hyper_parameters");
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var inputs = Goldens.Tensors(folder, "inputs.safetensors");
        var (images, references) = (inputs["images"], inputs["reference_images"]);
        var actual = new Dictionary<string, Tensor>();
        var activation = manifest.GetProperty("model").GetProperty("activation")
            .GetString()!.StartsWith("exact GELU", StringComparison.Ordinal) ? MlpActivation.Gelu : MlpActivation.QuickGelu;
        var clip = ClipBackbone.Load(Path.Combine(folder, "clip.safetensors"), new() { Config = GoldenClip.Config(manifest.GetProperty("model"), activation) });
        var options = Options(manifest);

        string[] names = [hyper.GetProperty("class_name").GetString()!, hyper.GetProperty("second_class_name").GetString()!];
        Texts(clip, options.Templates, names[0], string.Empty, actual);
        Texts(clip, options.Templates, names[1], "_cls2", actual);
        actual["feature_map"] = ((VisionTower)clip.Vision).EmbedRaw(images);
        int grid = (int)images.shape[2] / clip.Vision.PatchSize;
        foreach (var set in new SlidingWindows(options.Scales, options.Stride).Windows(grid, grid))
        {
            actual[$"masks_scale{set.Scale}"] = WindowEncoder.Index(set, torch.CPU).t();
        }

        var pass = new WinClipPass(options, Context(clip, (int)images.shape[2]));
        try
        {
            Run(pass, images, names[0], "zs_", "", grid, actual);
            Run(pass, images, names[1], "zs_", "_cls2", grid, actual);
            References(clip, options, references, actual);
            pass.AddReferences(names[0], references);
            Run(pass, images, names[0], "fs_", "", grid, actual);
        }
        finally
        {
            pass.Dispose(); // and the backbone with it
        }

        var tolerances = manifest.GetProperty("tolerance");
        var (embeddings, scores) = (Tolerance.Of(tolerances.GetProperty("embeddings")), Tolerance.Of(tolerances.GetProperty("scores_and_maps")));
        ManifestComparison.EveryTensorAgrees(Family, actual, (name, _) =>
            name.StartsWith("tokens", StringComparison.Ordinal) || name.StartsWith("masks", StringComparison.Ordinal) ? Tolerance.Exact
            : name.Contains("embeddings", StringComparison.Ordinal) || name == "feature_map" ? embeddings : scores);
    }

    [SkippableFact]
    public void Every_prompt_of_the_preset_is_the_references_in_its_order()
    {
        var prompts = Goldens.Json(Path.Combine(Goldens.Family(Family), "prompts.json"));
        foreach (var name in prompts.EnumerateObject())
        {
            var (normal, abnormal) = PromptEnsembles.WinClip.Expand(name.Name);

            Assert.Equal(Strings(name.Value.EnumerateObject().First().Value), normal);
            Assert.Equal(Strings(name.Value.EnumerateObject().Last().Value), abnormal);
        }
    }

    private static WinClipOptions Options(JsonElement manifest) => new()
    {
        Scales = [.. manifest.GetProperty("hyper_parameters").GetProperty("scales").EnumerateArray().Select(s => s.GetInt32())],
        Stride = manifest.GetProperty("hyper_parameters").GetProperty("window_stride").GetInt32(),
        Temperature = manifest.GetProperty("hyper_parameters").GetProperty("temperature").GetDouble(),
        WindowBatch = 7, // no divisor of any number of windows: a pass is cut in the middle of an image
        Templates = PromptEnsembles.WinClip with
        {
            Templates = Fill(manifest.GetProperty("prompt_templates"), PromptTemplates.StatePlaceholder),
            NormalStates = Fill(manifest.GetProperty("normal_states"), PromptTemplates.ObjectPlaceholder),
            AbnormalStates = Fill(manifest.GetProperty("anomalous_states"), PromptTemplates.ObjectPlaceholder),
        },
    };

    private static void Texts(ClipBackbone clip, PromptTemplates templates, string name, string suffix, Dictionary<string, Tensor> actual)
    {
        var (normal, abnormal) = templates.Expand(name);
        var (n, a) = (Ids(clip, normal), Ids(clip, abnormal));
        actual[$"tokens_normal{suffix}"] = n;
        actual[$"tokens_anomalous{suffix}"] = a;
        var (each, other) = (StateSentenceEncoder.EmbedEach(clip.Text, n, ForwardContext.Default), StateSentenceEncoder.EmbedEach(
            clip.Text, a, ForwardContext.Default));
        actual[$"prompt_embeddings_normal{suffix}"] = each;
        actual[$"prompt_embeddings_anomalous{suffix}"] = other;
        actual[$"text_embeddings{suffix}"] = torch.stack(
            [StateSentenceEncoder.Average(each, templates.Averaging), StateSentenceEncoder.Average(other, templates.Averaging)], 0);
    }

    private static Tensor Ids(ClipBackbone clip, IReadOnlyList<string> sentences) => torch.tensor(
        sentences.SelectMany(s => ClipTokenizer.Default.EncodePadded(s, clip.Text.ContextLength)).ToArray(), [sentences.Count, clip.Text.ContextLength]);

    private static void References(IClipBackbone backbone, WinClipOptions options, Tensor references, Dictionary<string, Tensor> actual)
    {
        using var trace = new ForwardTrace(keepTensors: true);
        new WindowEncoder(backbone, new SlidingWindows(options.Scales, options.Stride), options.WindowBatch)
            .Encode(ImageBatch.FromNormalized(references, backbone.Normalization), _ => { }, new ForwardContext { Trace = trace });
        foreach (var (name, value) in trace.Tensors)
        {
            actual[$"ref_{name}"] = value.clone();
        }
    }

    private static void Run(WinClipPass pass, Tensor images, string name, string prefix, string suffix, int grid, Dictionary<string, Tensor> actual)
    {
        using var trace = new ForwardTrace(keepTensors: true);
        var (map, score) = pass.Run(
            ImageBatch.FromNormalized(images, pass.GetService<IClipBackbone>()!.Normalization), name, null, new ForwardContext { Trace = trace });
        actual[$"{prefix}anomaly_map{suffix}"] = map;
        actual[$"{prefix}pred_score{suffix}"] = score;
        foreach (var (key, value) in trace.Tensors)
        {
            actual[$"{key}{suffix}"] = OnGrid(key) ? value.view(value.shape[0], grid, grid).clone() : value.clone();
        }
    }

    // Patch scores are a row of N here, a grid there.
    private static bool OnGrid(string key) => key.Contains("harmonic", StringComparison.Ordinal) || key is "zs_multi_scale_scores" or "fs_scores";

    private static MethodContext Context(ClipBackbone clip, int size) => new()
    {
        Backbone = clip, Tokenizer = ClipTokenizer.Default, Input = new()
        {
            Preprocessor = new SquareResize(size), Decoder = new SkiaImageDecoder(), Limits = new(),
        },
    };

    private static List<string> Fill(JsonElement items, string placeholder) =>
        [.. Strings(items).Select(s => s.Replace("{}", placeholder, StringComparison.Ordinal))];

    private static List<string> Strings(JsonElement items) => [.. items.EnumerateArray().Select(s => s.GetString()!)];
}
