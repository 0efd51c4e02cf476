using MfpClip.Backbones;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Hybrid;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Modules;

namespace MfpClip.Training.Pretraining;

/// <summary>The frozen networks with everything that is cached of them.</summary>
internal sealed class FrozenFeatures(HybridBackbone backbone, ICnnFeatureExtractor cnn, string sha256)
{
    private readonly IFrozenStem _stem = backbone.Vision.GetService<IFrozenStem>()!;
    private readonly int _size = backbone.Config.Vision.ImageSize;

    /// <summary>Hash of the network's file.</summary>
    public string Sha256 => sha256;

    /// <summary>Parts of a record.</summary>
    public FeatureLayout Layout { get; } = new([.. Parts(backbone, cnn)]);

    /// <summary>Records of samples, float16 <c>[B, values]</c>.</summary>
    public Tensor Extract(IReadOnlyList<PretrainingSample> samples)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        if (samples.FirstOrDefault(s => s.Image.Width != _size || s.Image.Height != _size) is { } other)
        {
            throw new ArgumentException($"An image is {other.Image.Width} x {other.Image.Height}; the model takes {_size} x {_size}.", nameof(samples));
        }

        using var images = ImageBatch.FromImages([.. samples.Select(s => s.Image)]);
        var maps = _stem.Extract(images.Normalized(backbone.Normalization, backbone.Vision.Device));
        var pooled = cnn.Extract(images.Pixels(backbone.Vision.Device));
        var masks = torch.stack(samples.Select(s => torch.tensor(s.Mask, [1, _size, _size])), 0).to_type(ScalarType.Float32);
        var coverage = torch.nn.functional.avg_pool2d(masks, FeatureCache.MaskStride);
        var parts = maps.Append(pooled.Pooled).Concat(pooled.Levels).Append(coverage);
        return torch.cat([.. parts.Select(p => p.flatten(1).to(ScalarType.Float16, torch.CPU))], 1).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>Splits records: features, and the coverage of each cell of stride 4 by the defect, <c>[B, h, w]</c>.</summary>
    public (ImageFeatures Features, Tensor Masks) Split(Tensor records)
    {
        using var scope = torch.NewDisposeScope();
        var values = records.to(ScalarType.Float32, backbone.Vision.Device);
        long at = 0;
        var named = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var part in Layout.Parts)
        {
            var tensor = values.narrow(1, at, part.Values);
            named[part.Name] = tensor.reshape(-1, part.Channels, part.Height, part.Width).contiguous().MoveToOuterDisposeScope();
            at += part.Values;
        }

        var levels = cnn.LevelDims.Select((c, i) => named[$"level{i}"].view(-1, c).MoveToOuterDisposeScope()).ToList();
        return (
            new()
            {
                StemMaps = [.. _stem.Maps.Select(m => named[m.Name])], Cnn = new(named["pooled"].view(-1, cnn.FeatureDim).MoveToOuterDisposeScope(), levels),
            },
            named["mask"].squeeze(1).MoveToOuterDisposeScope());
    }

    private static IEnumerable<FeaturePart> Parts(HybridBackbone backbone, ICnnFeatureExtractor cnn)
    {
        int size = backbone.Config.Vision.ImageSize;
        foreach (var map in backbone.Vision.GetService<IFrozenStem>()!.Maps)
        {
            yield return new(map.Name, map.Channels, size / map.Stride, size / map.Stride);
        }

        yield return new("pooled", cnn.FeatureDim, 1, 1);
        for (int i = 0; i < cnn.LevelDims.Count; i++)
        {
            yield return new($"level{i}", cnn.LevelDims[i], 1, 1);
        }

        yield return new("mask", 1, size / FeatureCache.MaskStride, size / FeatureCache.MaskStride);
    }
}
