using MfpClip.Backbones;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;

namespace MfpClip.Tests.Backbones;

/// <summary>
/// Small frozen towers with the properties modules rely on: every block mixes all tokens (vision) or only earlier ones (text), values
/// differ from block to block, and gradients pass through. Nothing in it comes from the code under test.
/// </summary>
internal sealed class FakeBackbone : IClipBackbone
{
    public FakeBackbone(ScalarType precision = ScalarType.Float32, int layers = 4, int contextLength = 12)
    {
        Vision = new FakeVision(precision, layers);
        Text = new FakeText(precision, contextLength);
    }

    public const int PatchSize = 2;
    public const int VisionWidth = 6;
    public const int TextWidth = 5;
    public const int EmbedDim = 8;
    public const int VocabSize = 20;

    public IVisionTower Vision { get; }

    public ITextTower Text { get; }

    public double LogitScale => 100;

    public (float[] Mean, float[] Std) Normalization => ([0.5f, 0.4f, 0.3f], [0.2f, 0.25f, 0.3f]);

    public StageDescription Describe() => new() { Stage = "backbone", Component = "fake" };

    public void Dispose()
    {
        ((FakeVision)Vision).Dispose();
        ((FakeText)Text).Dispose();
    }

    /// <summary>Fixed values from a seed, outside every scope.</summary>
    public static Tensor Values(int seed, ScalarType type, params long[] shape)
    {
        var random = new Random(seed);
        var values = new double[shape.Aggregate(1L, (a, b) => a * b)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (2 * random.NextDouble()) - 1;
        }

        using var scope = torch.NewDisposeScope();
        return torch.tensor(values, shape).to_type(type).DetachFromDisposeScope();
    }

    private sealed class FakeVision(ScalarType precision, int layers) : IVisionTower, IDisposable
    {
        private readonly Tensor _embed = Values(1, precision, VisionWidth, 3 * FakeBackbone.PatchSize * FakeBackbone.PatchSize);
        private readonly Tensor _class = Values(2, precision, 1, 1, VisionWidth);
        private readonly Tensor[] _blocks = [.. Enumerable.Range(0, layers).Select(i => Values(10 + i, precision, VisionWidth, VisionWidth))];
        private readonly Tensor _project = Values(3, precision, VisionWidth, FakeBackbone.EmbedDim);

        public int Width => VisionWidth;

        public int Layers => layers;

        public int EmbedDim => FakeBackbone.EmbedDim;

        public int PatchSize => FakeBackbone.PatchSize;

        public Device Device => torch.CPU;

        public ScalarType Precision => precision;

        public Tensor Embed(Tensor images)
        {
            using var scope = torch.NewDisposeScope();
            var patches = F.unfold(images, PatchSize, stride: PatchSize).transpose(1, 2); // [B, N, 12]
            var tokens = F.linear(patches, _embed);
            return torch.cat([_class.expand(images.shape[0], 1, VisionWidth), tokens], 1).MoveToOuterDisposeScope();
        }

        public Tensor RunBlocks(Tensor tokens, int first, int count, ForwardContext context)
        {
            using var scope = torch.NewDisposeScope();
            var x = tokens;
            for (var i = first; i < first + count; i++)
            {
                x = x + torch.tanh(torch.matmul(x + x.mean([1], keepdim: true), _blocks[i]));
            }

            return x.alias().MoveToOuterDisposeScope();
        }

        public Tensor Project(Tensor tokens) => torch.matmul(tokens, _project);

        public void Dispose()
        {
            foreach (var tensor in _blocks.Append(_embed).Append(_class).Append(_project))
            {
                tensor.Dispose();
            }
        }
    }

    private sealed class FakeText(ScalarType precision, int contextLength) : ITextTower, IDisposable
    {
        private readonly Tensor _table = Values(4, precision, FakeBackbone.VocabSize, TextWidth);
        private readonly Tensor _positions = Values(5, precision, contextLength, TextWidth);
        private readonly Tensor[] _blocks = [Values(6, precision, TextWidth, TextWidth), Values(7, precision, TextWidth, TextWidth)];
        private readonly Tensor _project = Values(8, precision, TextWidth, FakeBackbone.EmbedDim);

        public int Width => TextWidth;

        public int Layers => 2;

        public int EmbedDim => FakeBackbone.EmbedDim;

        public int ContextLength => contextLength;

        public int VocabSize => FakeBackbone.VocabSize;

        public Device Device => torch.CPU;

        public ScalarType Precision => precision;

        public Tensor EmbedTokens(Tensor ids) => torch.index_select(_table, 0, ids.flatten()).view(ids.shape[0], ids.shape[1], TextWidth);

        public Tensor AddPositions(Tensor embeddings)
        {
            using var scope = torch.NewDisposeScope();
            return (embeddings + _positions.narrow(0, 0, embeddings.shape[1])).MoveToOuterDisposeScope();
        }

        public Tensor RunBlocks(Tensor tokens, int first, int count, ForwardContext context)
        {
            using var scope = torch.NewDisposeScope();
            var x = tokens;
            for (var i = first; i < first + count; i++)
            {
                x = x + torch.tanh(torch.matmul(x.cumsum(1), _blocks[i])); // position p sees positions 0..p
            }

            return x.alias().MoveToOuterDisposeScope();
        }

        public Tensor Project(Tensor tokens, Tensor endPositions)
        {
            using var scope = torch.NewDisposeScope();
            var index = endPositions.view(-1, 1, 1).expand(-1, 1, TextWidth);
            return torch.matmul(tokens.gather(1, index).squeeze(1), _project).MoveToOuterDisposeScope();
        }

        public void Dispose()
        {
            foreach (var tensor in _blocks.Append(_table).Append(_positions).Append(_project))
            {
                tensor.Dispose();
            }
        }
    }
}
