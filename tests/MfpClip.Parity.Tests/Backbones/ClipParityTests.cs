using System.Text.Json;
using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Kernels;
using MfpClip.Tensors;

namespace MfpClip.Parity.Tests.Backbones;

/// <summary>Both towers against openai/CLIP, open_clip and AnomalyCLIP, from every weight format.</summary>
public class ClipParityTests
{
    public static TheoryData<string, string, string> Models => new()
    {
        { "", "model.state_dict.pt", "outputs.fp32.safetensors" },
        { "", "model.state_dict.legacy.pt", "outputs.fp16w.safetensors" },
        { "", "model.jit.pt", "outputs.fp16w.safetensors" },
        { "", "hf/model.safetensors", "outputs.fp16w.safetensors" },
        { "", "open_clip/open_clip_model.safetensors", "outputs.fp16w.safetensors" },
        { "", "open_clip/open_clip_pytorch_model.bin", "outputs.fp16w.safetensors" },
        { "exact_gelu", "open_clip/open_clip_model.safetensors", "outputs.fp32.safetensors" },
        { "exact_gelu", "hf/model.safetensors", "outputs.fp32.safetensors" },
    };

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Every_listed_tensor_agrees(string folder, string weights, string outputs)
    {
        using var scope = torch.NewDisposeScope();
        string root = Path.Combine(Goldens.Family("clip-small-vocab"), folder);
        var tolerance = new Tolerances(Goldens.Manifest("clip-small-vocab").GetProperty("tolerance_max_abs_diff_float32"));
        var inputs = Goldens.Tensors(root, "inputs.safetensors");
        var expected = Goldens.Tensors(root, outputs);
        var compared = new HashSet<string>();
        // bicubic without antialias is compared in adaclip
        foreach (var interpolation in new[] { PositionInterpolation.Bilinear, PositionInterpolation.BicubicAntialias })
        {
            using var clip = Load(Path.Combine(root, weights), interpolation);
            string way = interpolation == PositionInterpolation.Bilinear ? "bilinear" : "bicubic";
            compared.UnionWith(CompareTexts(clip, inputs, expected, tolerance));
            compared.UnionWith(CompareImages(clip, inputs["images"], "", expected, tolerance));
            foreach (string size in new[] { "large", "small" })
            {
                compared.UnionWith(CompareImages(clip, inputs[$"images_{size}"], $"{size}_{way}.", expected, tolerance));
            }
        }

        Assert.Empty(expected.Keys.Except(compared));
    }

    [SkippableFact]
    public void The_full_vocabulary_model_agrees()
    {
        using var scope = torch.NewDisposeScope();
        string root = Goldens.Family("clip-full-vocab");
        var tolerance = new Tolerances(Goldens.Manifest("clip-full-vocab").GetProperty("tolerance_max_abs_diff_float32"));
        using var clip = ClipBackbone.Load(Path.Combine(root, "hf"));
        var inputs = Goldens.Tensors(root, "inputs.safetensors");
        var expected = Goldens.Tensors(root, "outputs.safetensors");
        var compared = CompareImages(clip, inputs["images"], "", expected, tolerance).Concat(CompareTexts(clip, inputs, expected, tolerance));
        Assert.Empty(expected.Keys.Except(compared));
    }

    private static ClipBackbone Load(string path, PositionInterpolation interpolation) => ClipBackbone.Load(path, new()
    {
        Interpolation = interpolation,
        // Plain state dictionaries do not say which activation they were trained with; the manifest does.
        Activation = path.EndsWith(".pt", StringComparison.Ordinal) ? MlpActivation.QuickGelu : null,
    });

    private static List<string> CompareTexts(ClipBackbone clip, Dictionary<string, Tensor> inputs, Dictionary<string, Tensor> expected, Tolerances tolerance)
    {
        var ids = inputs["token_ids"];
        var text = clip.Text.Project(
            clip.Text.RunBlocks(clip.Text.AddPositions(clip.Text.EmbedTokens(ids)), 0, clip.Text.Layers, ForwardContext.Default), ids.argmax(1));
        var image = EncodeImage(clip, inputs["images"]);
        var (i, t) = (UnitVectors.Normalize(image), UnitVectors.Normalize(text));
        var cosine = i.matmul(t.t());
        return Compare(expected, tolerance, new()
        {
            ["text_features"] = text, ["text_features_norm"] = t, ["image_features_norm"] = i,
            ["cosine"] = cosine, ["logits_per_image"] = cosine * clip.LogitScale,
        });
    }

    private static List<string> CompareImages(ClipBackbone clip, Tensor images, string prefix, Dictionary<string, Tensor> expected, Tolerances tolerance)
    {
        var actual = new Dictionary<string, Tensor> { [$"{prefix}image_features"] = EncodeImage(clip, images) };
        var tokens = clip.Vision.Embed(images);
        for (int block = 1; block <= clip.Vision.Layers; block++)
        {
            tokens = clip.Vision.RunBlocks(tokens, block - 1, 1, ForwardContext.Default);
            actual[$"{prefix}hidden.block{block}"] = tokens;
            actual[$"{prefix}tokens_proj.block{block}"] = clip.Vision.Project(tokens);
            actual[$"{prefix}tokens_ln.block{block}"] = ((VisionTower)clip.Vision).NormalizeLast(tokens);
        }

        long side = images.shape[2] / clip.Vision.PatchSize;
        var tower = (VisionTower)clip.Vision;
        actual[$"{prefix}pos_embed"] = tower.Positions.For(side, side);
        // AnomalyCLIP's first value leaves ln_post out.
        actual[$"{prefix}anomalyclip_image_features"] = tokens.select(1, 0).matmul(tower.Projection);
        return Compare(expected, tolerance, actual);
    }

    private static Tensor EncodeImage(ClipBackbone clip, Tensor images) =>
        clip.Vision.Project(clip.Vision.RunBlocks(clip.Vision.Embed(images), 0, clip.Vision.Layers, ForwardContext.Default).select(1, 0));

    private static List<string> Compare(Dictionary<string, Tensor> expected, Tolerances tolerance, Dictionary<string, Tensor> actual)
    {
        var compared = new List<string>();
        foreach (var (name, value) in actual.Where(a => expected.ContainsKey(a.Key)))
        {
            Goldens.Close(name, expected[name], value, tolerance.Of(name));
            compared.Add(name);
        }

        return compared;
    }

    private sealed record Tolerances(JsonElement Manifest)
    {
        /// <summary>The manifests name kinds of tensors in words: the entry whose words hold the kind.</summary>
        public double Of(string name)
        {
            string kind = name.EndsWith("pos_embed", StringComparison.Ordinal) ? "pos_embed"
                : name is "cosine" || name.EndsWith("_norm", StringComparison.Ordinal) ? "cosine"
                : name is "logits_per_image" ? "logits_per_image"
                : "features";
            return Manifest.EnumerateObject().Where(t => t.Name.Split(", ").Contains(kind)).Select(t => t.Value.GetDouble()).DefaultIfEmpty(double.NaN).Min();
        }
    }
}
