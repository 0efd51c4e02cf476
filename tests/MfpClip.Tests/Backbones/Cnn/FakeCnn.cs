using MfpClip.Backbones.Cnn;

namespace MfpClip.Tests.Backbones.Cnn;

/// <summary>Features that are simple functions of the pixels: channel means and mean squares, so that they differ from image to image.</summary>
internal sealed class FakeCnn : ICnnFeatureExtractor
{
    public int FeatureDim => 6;

    public IReadOnlyList<int> LevelDims => [3, 3, 6];

    public IReadOnlyList<KeyValuePair<string, Tensor>> Weights => [];

    public CnnFeatures Extract(Tensor pixels)
    {
        using var scope = torch.NewDisposeScope();
        var mean = pixels.mean([2, 3]);
        var square = (pixels * pixels).mean([2, 3]);
        return new(
            torch.cat([mean, square], 1).MoveToOuterDisposeScope(),
            [mean.MoveToOuterDisposeScope(), square.MoveToOuterDisposeScope(), torch.cat([square, mean], 1).MoveToOuterDisposeScope()]);
    }

    public StageDescription Describe() => new() { Stage = "CNN", Component = "fake" };

    public void To(Device device)
    {
    }

    public void Dispose()
    {
    }
}
