using System.Globalization;
using System.Security.Cryptography;
using MfpClip.Data.Procedural;
using MfpClip.Data.Procedural.Noise;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Pipeline;

namespace MfpClip.Evaluation.Baselines;

/// <summary>Map and score drawn from a stream that follows from a seed and the image's pixels.</summary>
internal sealed class RandomPass(long seed) : IDetectionPass
{
    public string Method => "random scores";

    public IReadOnlyList<StageDescription> Stages { get; } =
    [
        new()
        {
            Stage = "random", Component = "map and score even in [0, 1), drawn from a seed and the image's pixels",
            Options = new Dictionary<string, string> { ["seed"] = seed.ToString(CultureInfo.InvariantCulture) },
        },
    ];

    public Device Device => torch.CPU;

    public ScalarType Precision => ScalarType.Float32;

    public (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var (B, H, W) = (images.Count, (long)images.Height, (long)images.Width);
        var pixels = images.Pixels(torch.CPU);
        float[] maps = new float[B * H * W], scores = new float[B];
        for (int b = 0; b < B; b++)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            var random = Stream(pixels[b]);
            scores[b] = random.Next();
            foreach (ref float value in maps.AsSpan((int)(b * H * W), (int)(H * W)))
            {
                value = random.Next();
            }
        }

        var map = torch.tensor(maps, [B, H, W]);
        map = region is null ? map : map * region;
        context.Trace?.Finish("random");
        return (map.MoveToOuterDisposeScope(), torch.tensor(scores).MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
    }

    private SeededRandom Stream(Tensor image)
    {
        using var pixels = (image.detach() * 255).round().to_type(ScalarType.Byte).contiguous();
        return SeededRandom.For(Convert.ToHexString(SHA256.HashData(pixels.bytes)), seed);
    }
}
